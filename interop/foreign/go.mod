module github.com/stompwire/stompwire/interop/foreign

go 1.26.0

replace github.com/stompwire/stompwire => ../..

require (
	github.com/gmallard/stompngo v1.0.13
	github.com/go-stomp/stomp/v3 v3.1.5
	github.com/stompwire/stompwire v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/coder/websocket v1.8.15 // indirect
	github.com/panjf2000/ants/v2 v2.12.1 // indirect
	github.com/panjf2000/gnet/v2 v2.10.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/sync v0.22.0 // indirect
	golang.org/x/sys v0.30.0 // indirect
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // indirect
)
