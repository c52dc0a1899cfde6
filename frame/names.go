package frame

// Header names of the specifications. Header names are case-sensitive
// (STOMP 1.2, STOMP Frames).
const (
	HeaderAcceptVersion = "accept-version"
	HeaderAck           = "ack"
	HeaderContentLength = "content-length"
	HeaderContentType   = "content-type"
	HeaderDestination   = "destination"
	HeaderHeartBeat     = "heart-beat"
	HeaderHost          = "host"
	HeaderID            = "id"
	HeaderLogin         = "login"
	HeaderMessage       = "message"
	HeaderMessageID     = "message-id"
	HeaderPasscode      = "passcode"
	HeaderReceipt       = "receipt"
	HeaderReceiptID     = "receipt-id"
	HeaderSelector      = "selector" // 1.0 only; brokers accept it in every version
	HeaderServer        = "server"
	HeaderSession       = "session"
	HeaderSubscription  = "subscription"
	HeaderTransaction   = "transaction"
	HeaderVersion       = "version"
)

// Header names outside the specifications that several brokers use.
const (
	HeaderExpires     = "expires"     // Unix time in milliseconds
	HeaderPersistent  = "persistent"  // "true": the message survives a restart of the broker
	HeaderPriority    = "priority"    // 0 to 9
	HeaderRedelivered = "redelivered" // "true": delivered before, not acknowledged
	HeaderReplyTo     = "reply-to"
)
