'use strict';
// What a user of @stomp/stompjs does, over WebSocket or, with its TCP wrapper, over TCP. See features.js.

const fs = require('node:fs');
const path = require('node:path');
const tls = require('node:tls');
const { Box, VERSION, load, run, within } = require('./features');

const { Client, Versions } = load('@stomp/stompjs');
const { TCPWrapper } = load('@stomp/tcp-wrapper');
const { WebSocket } = load('ws');

const host = process.env.STOMP_HOST;

class TLSWrapper extends TCPWrapper {
  getSocket(port, host) {
    return tls.connect({ port, host, ca: fs.readFileSync(process.env.STOMP_CA) });
  }
}

function open(port, secure) {
  if (process.env.STOMP_OVER !== 'WebSocket') {
    return new (secure ? TLSWrapper : TCPWrapper)(host, Number(port));
  }
  const protocols = new Versions([VERSION]).protocolVersions();
  return secure
    ? new WebSocket(`wss://${host}:${port}/ws`, protocols, { ca: fs.readFileSync(process.env.STOMP_CA) })
    : new WebSocket(`ws://${host}:${port}/ws`, protocols);
}

function connect({ port, passcode, beat = 0, tls = false }) {
  const s = {
    messages: new Box('MESSAGE'),
    errors: new Box('ERROR'),
    closed: new Box('end of the connection'),
    subscriptions: {},
    transactions: {},
  };
  return within('CONNECTED', (resolve, reject) => {
    const client = new Client({
      webSocketFactory: () => open(port, tls),
      stompVersions: new Versions([VERSION]),
      connectHeaders: { login: 'guest', passcode },
      reconnectDelay: 0,
      heartbeatIncoming: beat,
      heartbeatOutgoing: beat,
      heartbeatToleranceMultiplier: 3,
      discardWebsocketOnCommFailure: true, // so that forceDisconnect cuts
      onConnect: () => resolve(Object.assign(s, session(client, s))),
      onStompError: frame => {
        reject(new Error(frame.headers.message));
        s.errors.put(frame.headers.message);
      },
      onWebSocketError: event => reject(new Error(event.message)),
      onWebSocketClose: () => {
        reject(new Error('the connection has ended'));
        s.closed.put();
      },
    });
    client.activate();
  });
}

let receipts = 0;

function session(client, s) {
  const confirmed = send => within('RECEIPT', resolve => {
    const receipt = `receipt-${receipts++}`;
    client.watchForReceipt(receipt, resolve);
    send({ receipt });
  });
  const publish = (destination, body, headers) => client.publish(
    typeof body === 'string' ? { destination, body, headers } : { destination, binaryBody: body, headers });
  const deliver = m => s.messages.put({
    headers: m.headers, body: Buffer.from(m.binaryBody), ack: m.ack, nack: m.nack,
  });
  return {
    version: client.connectedVersion,
    subscribe: (destination, id, ack) => confirmed(headers => {
      s.subscriptions[id] = client.subscribe(destination, deliver, { id, ack, ...headers });
    }),
    unsubscribe: async id => s.subscriptions[id].unsubscribe(),
    send: async (destination, body, headers) => publish(destination, body, headers),
    sendReceipt: (destination, body) => confirmed(headers => publish(destination, body, headers)),
    begin: async () => {
      const tx = client.begin();
      s.transactions[tx.id] = tx;
      return tx.id;
    },
    commit: async id => s.transactions[id].commit(),
    abort: async id => s.transactions[id].abort(),
    ack: async (m, transaction) => m.ack(transaction ? { transaction } : {}),
    nack: async m => m.nack(),
    sendNowhere: async () => publish('', 'to nobody', {}),
    // It asks for a receipt by itself.
    disconnect: () => within('RECEIPT for DISCONNECT', resolve => {
      client.onDisconnect = resolve;
      client.deactivate();
    }),
    cut: () => client.forceDisconnect(),
  };
}

const { version } = JSON.parse(fs.readFileSync(
  path.join(path.dirname(require.resolve('@stomp/stompjs')), '..', 'package.json')));
run({ name: `@stomp/stompjs ${version}`, connect });
