'use strict';
// What a user of stompit does. See features.js.

const fs = require('node:fs');
const { Box, VERSION, WAIT, load, run, within } = require('./features');

const stompit = load('stompit');

// When an ERROR frame comes, stompit throws an exception that no caller can catch.
let crash = () => {};
process.on('uncaughtException', e => crash(`uncaught exception: ${e.message}`));

function connect({ port, passcode, beat = 0, tls = false }) {
  return within('CONNECTED', (resolve, reject) => {
    const options = {
      host: process.env.STOMP_HOST,
      port: Number(port),
      timeout: WAIT,
      heartbeatDelayMargin: 2 * beat,
      connectHeaders: {
        'accept-version': VERSION, 'heart-beat': `${beat},${beat}`, host: '/', login: 'guest', passcode,
      },
    };
    crash = why => reject(new Error(why));
    if (tls) Object.assign(options, { ssl: true, ca: fs.readFileSync(process.env.STOMP_CA) });
    stompit.connect(options, (err, client) => {
      if (err) reject(err);
      else resolve(session(client));
    });
  });
}

function session(client) {
  const messages = new Box('MESSAGE');
  const errors = new Box('ERROR');
  const closed = new Box('end of the connection');
  const subscriptions = {};
  const transactions = {};

  crash = why => errors.put(why);
  client.on('error', err => errors.put(err.message));
  client.getTransportSocket().on('close', () => closed.put());

  async function deliver(err, m) {
    if (err) return; // the client's own error event tells
    const chunks = [];
    for await (const chunk of m) chunks.push(Buffer.from(chunk));
    messages.put({ headers: m.headers, body: Buffer.concat(chunks), raw: m });
  }

  const write = (headers, body, options) => {
    const frame = client.send(headers, options);
    frame.write(body);
    frame.end();
  };
  const sendReceipt = (destination, body) => within('RECEIPT', resolve =>
    write({ destination }, body, { onReceipt: resolve }));

  return {
    version: client.headers.version,
    messages,
    errors,
    closed,
    subscribe: (destination, id, ack) => {
      subscriptions[id] = client.subscribe({ destination, id, ack }, deliver);
      // It asks for no receipt of SUBSCRIBE. One for a frame behind it says as much.
      return sendReceipt('/topic/nobody', 'x');
    },
    unsubscribe: async id => subscriptions[id].unsubscribe(),
    send: async (destination, body, headers) =>
      write({ destination, 'content-length': Buffer.byteLength(body), ...headers }, body),
    sendReceipt,
    begin: async () => {
      const tx = client.begin();
      transactions[tx.id] = tx;
      return tx.id;
    },
    commit: async id => transactions[id].commit(),
    abort: async id => transactions[id].abort(),
    ack: async (m, transaction) => client.ack(m.raw, transaction ? { transaction } : {}),
    nack: async m => client.nack(m.raw),
    sendNowhere: async () => write({}, 'to nobody'),
    // It asks for a receipt by itself.
    disconnect: () => within('RECEIPT for DISCONNECT', (resolve, reject) =>
      client.disconnect(err => (err ? reject(err) : resolve()))),
    cut: () => client.destroy(),
  };
}

run({ name: `stompit ${require('stompit/package.json').version}`, connect });
