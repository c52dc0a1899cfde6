# What a user of ruby-stomp's Stomp::Connection does. See doc.go for what is printed.

require 'timeout'
begin
  require 'stomp'
rescue LoadError => e
  puts "absent #{e.message}"
  exit
end

VERSION = ENV.fetch('STOMP_VERSION')
WAIT = 180 # seconds, for anything
NOTES = {
  'headers' => { '1.0' => 'D:\\tea', '1.1' => "D:\\tea\nand more", '1.2' => "D:\\tea\r\nand more" }.fetch(VERSION),
  'backslash' => 'C:\\new\\code'
}.freeze

class Wrong < StandardError; end

def want(got, wanted, what)
  raise Wrong, "#{what} is #{got.inspect[0, 80]}, want #{wanted.inspect[0, 80]}" unless got == wanted
end

# A connection, with what its version wants in each frame.
class Session
  attr_reader :conn

  def initialize(port: ENV.fetch('STOMP_PORT'), passcode: 'guest', beat: 0, tls: false)
    headers = { 'accept-version' => VERSION, 'host' => '/' }
    headers['heart-beat'] = "#{beat},#{beat}" unless VERSION == '1.0'
    ssl = tls && Stomp::SSLParams.new(ts_files: ENV.fetch('STOMP_CA'))
    host = { login: 'guest', passcode: passcode, host: ENV.fetch('STOMP_HOST'), port: port.to_i, ssl: ssl }
    @conn = Timeout.timeout(WAIT) do
      Stomp::Connection.new(hosts: [host], reliable: false, connect_headers: headers, parse_timeout: WAIT)
    end
    @ids = 0
    @early = [] # messages that came while we waited for a receipt
  end

  def frame
    Timeout.timeout(WAIT, Wrong, 'nothing comes') { @conn.receive } || raise(Wrong, 'the connection has ended')
  end

  def message
    m = @early.shift || frame
    raise Wrong, "#{m.command} #{m.headers['message']}" unless m.command == 'MESSAGE'

    m
  end

  def bodies(count)
    Array.new(count) { message.body }
  end

  def receipt(id)
    until (m = frame).command == 'RECEIPT'
      raise Wrong, "ERROR #{m.headers['message']}" if m.command == 'ERROR'

      @early << m
    end
    want(m.headers['receipt-id'].b, id.b, 'the receipt') # on 1.0 it has no encoding
  end

  def next_id
    "id-#{@ids += 1}"
  end

  def send(destination, body, headers = {})
    @conn.publish(destination, body, headers)
  end

  def subscribe(destination, id: '1', ack: 'auto')
    receipt = next_id
    @conn.subscribe(destination, { id: id, ack: ack, receipt: receipt })
    receipt(receipt)
  end

  def ack(m, headers = {})
    @conn.ack(*ack_args(m, headers))
  end

  def nack(m)
    @conn.nack(*ack_args(m, {}))
  end

  def ack_args(m, headers)
    return [m.headers['ack'], headers] if VERSION == '1.2'

    headers = headers.merge(subscription: m.headers['subscription']) if VERSION == '1.1'
    [m.headers['message-id'], headers]
  end

  def disconnect
    id = next_id
    Timeout.timeout(WAIT) { @conn.disconnect(receipt: id) }
    want(@conn.disconnect_receipt.command, 'RECEIPT', 'the answer to DISCONNECT')
    want(@conn.disconnect_receipt.headers['receipt-id'], id, 'the receipt')
  end

  # Ends the connection as a crash does.
  def cut
    @conn.instance_variable_get(:@socket)&.close unless @conn.closed?
  rescue IOError
    nil
  end
end

def session(**opts)
  s = Session.new(**opts)
  yield s
ensure
  s&.cut
end

# What a new consumer gets, up to a message that is sent now.
def bodies(destination)
  got = []
  session do |s|
    s.send(destination, 'the end')
    s.subscribe(destination)
    got << s.message.body until got.last == 'the end'
  end
  got[0...-1]
end

def exchange(name, body, **opts)
  session(**opts) do |s|
    s.subscribe("/queue/answer-#{name}")
    headers = { 'case' => name, 'answer' => "/queue/answer-#{name}" }
    headers['note'] = NOTES[name] if NOTES.key?(name)
    s.send('/queue/partner', body, headers)
    m = s.message
    want(m.headers['verdict'], 'same', 'the verdict')
    want(m.body.b, body.b, 'the body')
    want(m.headers['note'], NOTES[name], 'the note') if NOTES.key?(name)
    s.disconnect
  end
end

# Sends three messages, receives them, and acknowledges the second.
def three(mode)
  queue = "/queue/ack-#{mode}"
  session do |s|
    %w[1 2 3].each { |body| s.send(queue, body) }
    s.subscribe(queue, ack: mode)
    got = Array.new(3) { s.message }
    want(got.map(&:body), %w[1 2 3], 'what came')
    s.ack(got[1]) unless mode == 'auto'
    s.disconnect
  end
  bodies(queue)
end

FEATURES = {
  'connect' => lambda {
    session do |s|
      want(s.conn.protocol, VERSION, 'the version')
      s.disconnect
    end
  },
  'refused-login' => lambda {
    begin
      s = Session.new(passcode: 'wrong')
    rescue Stomp::Error::BrokerException, Stomp::Error::StompServerError, Stomp::Error::MaxReconnectAttempts
      return
    end
    # It leaves the ERROR for its user to find.
    want(s.conn.connection_frame.command, 'ERROR', 'the answer to CONNECT')
    want(s.conn.connection_frame.headers['message'], 'access refused', 'what it says')
  },
  'text' => -> { exchange('text', 'two teas, please') },
  'utf8' => -> { exchange('utf8', 'zwei Käse, 三杯茶, 🫖') },
  'binary' => -> { exchange('binary', ((0..255).to_a * 2).pack('C*')) },
  'large' => -> { exchange('large', (('a'..'z').to_a.join * (1 << 16))[0, 1 << 20]) },
  'headers' => -> { exchange('headers', 'see the note') },
  'backslash' => -> { exchange('backslash', 'see the note') },
  'tls' => -> { exchange('text', 'two teas, please', port: ENV.fetch('STOMP_TLS_PORT'), tls: true) },
  'receipt' => lambda {
    session do |s|
      s.subscribe('/queue/receipt') # waits for its receipt
      s.send('/queue/receipt', 'x', receipt: 'käse-1')
      s.receipt('käse-1')
    end
  },
  'topic' => lambda {
    session do |s|
      s.subscribe('/topic/news', id: 'a')
      s.subscribe('/topic/news', id: 'b')
      s.send('/topic/news', 'x')
      want(Array.new(2) { s.message.headers['subscription'] }.sort, %w[a b], 'the receivers')
    end
  },
  'ack-auto' => -> { want(three('auto'), [], 'what came again') },
  'ack-client' => -> { want(three('client'), ['3'], 'what came again') },
  'ack-individual' => -> { want(three('client-individual'), %w[1 3], 'what came again') },
  'nack' => lambda {
    { 'client' => %w[1 2], 'client-individual' => ['2'] }.each do |mode, again|
      queue = "/queue/nack-#{mode}"
      session do |s|
        %w[1 2].each { |body| s.send(queue, body) }
        s.subscribe(queue, ack: mode)
        first = s.message
        s.nack(s.message)
        again.each do |body|
          m = s.message
          want([m.body, m.headers['redelivered']], [body, 'true'], 'what came again')
          s.ack(m)
        end
        s.ack(first) if mode == 'client-individual'
        s.disconnect
      end
      want(bodies(queue), [], 'what came once more')
    end
  },
  'commit' => lambda {
    session do |s|
      s.conn.begin('tx')
      s.send('/queue/commit', 'inside', transaction: 'tx')
      s.send('/queue/commit', 'outside')
      s.subscribe('/queue/commit')
      want(s.message.body, 'outside', 'what came before COMMIT')
      s.conn.commit('tx')
      want(s.message.body, 'inside', 'what came after COMMIT')
    end
  },
  'abort' => lambda {
    session do |s|
      s.conn.begin('tx')
      s.send('/queue/abort', 'inside', transaction: 'tx')
      s.conn.abort('tx')
      s.disconnect
    end
    want(bodies('/queue/abort'), [], 'what came after ABORT')
  },
  'ack-transaction' => lambda {
    queue = '/queue/ack-transaction'
    session do |s|
      s.send(queue, 'x')
      s.disconnect
    end
    %i[abort commit].each do |finish|
      session do |s|
        s.subscribe(queue, ack: 'client')
        m = s.message
        s.conn.begin('tx')
        s.ack(m, transaction: 'tx')
        s.conn.public_send(finish, 'tx')
        s.disconnect
      end
    end
    want(bodies(queue), [], 'what came after COMMIT')
  },
  'redelivery' => lambda {
    session do |s|
      s.send('/queue/redelivery', 'x')
      s.subscribe('/queue/redelivery', ack: 'client')
      want(s.message.headers['redelivered'], nil, 'redelivered')
    end
    session do |s|
      s.subscribe('/queue/redelivery', ack: 'client')
      want(s.message.headers['redelivered'], 'true', 'redelivered')
    end
  },
  'unsubscribe' => lambda {
    session do |s|
      s.subscribe('/queue/unsubscribe', id: 'old')
      s.conn.unsubscribe('/queue/unsubscribe', { id: 'old' })
      %w[1 2].each { |body| s.send('/queue/unsubscribe', body) }
      s.subscribe('/queue/unsubscribe', id: 'new')
      want(Array.new(2) { s.message.headers['subscription'] }, %w[new new], 'the receivers')
    end
  },
  'reply-to' => lambda {
    session do |asker|
      session do |answerer|
        asker.subscribe('/temp-queue/answers')
        answerer.subscribe('/queue/questions')
        asker.send('/queue/questions', 'why?', 'reply-to' => '/temp-queue/answers')
        answerer.send(answerer.message.headers['reply-to'], 'because')
        want(asker.message.body, 'because', 'the answer')
      end
    end
  },
  'error' => lambda {
    session do |s|
      s.send('', 'to nobody')
      m = s.frame
      want(m.command, 'ERROR', 'what came')
      want(m.headers['message'], 'missing destination', 'the message')
      want(Timeout.timeout(WAIT) { s.conn.receive }, nil, 'what came behind ERROR')
    end
  },
  'disconnect' => lambda {
    session do |s|
      s.disconnect
      want(s.conn.closed?, true, 'closed?')
    end
  },
  'heart-beat' => lambda {
    session(port: ENV.fetch('STOMP_BEAT_PORT'), beat: ENV.fetch('STOMP_BEAT').to_i) do |s|
      s.subscribe('/topic/enough')
      want(s.message.body, 'enough', 'what came')
      # It counts one when it has been sent.
      Timeout.timeout(WAIT, Wrong, 'no three heart-beats sent') { sleep 0.1 while s.conn.hbsend_count < 3 }
      s.disconnect
    end
  }
}.freeze

$stdout.sync = true
puts "client ruby-stomp #{Stomp::Version::STRING}"
ENV.fetch('STOMP_FEATURES').split.each do |name|
  FEATURES.fetch(name).call
  puts "ok #{name}"
rescue StandardError => e
  puts "fail #{name} #{e.class}: #{e.message.gsub(/\s+/, ' ')}"
end
exit!(true) # whatever threads are left
