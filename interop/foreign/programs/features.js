'use strict';
// The features, for the clients of JavaScript. A client is an object with
//
//   name            and version
//   connect(opts)   a promise of a session; opts: port, passcode, beat (ms), tls
//
// and a session has, through the library's own calls, each of them a promise:
//
//   version
//   subscribe(destination, id, ack), unsubscribe(id)
//   send(destination, body, headers), sendReceipt(destination, body)
//   begin() of an id, commit(id), abort(id)
//   ack(message, transaction), nack(message)
//   sendNowhere()   SEND without destination
//   disconnect()    once the broker has confirmed it
//   cut()           as a crash does
//   messages, errors, closed: of class Box
//
// A message has headers and body, a Buffer.

const WAIT = 180000; // ms, for anything
const VERSION = process.env.STOMP_VERSION;
const NOTES = {
  headers: { '1.0': 'D:\\tea', 1.1: 'D:\\tea\nand more', 1.2: 'D:\\tea\r\nand more' }[VERSION],
  backslash: 'C:\\new\\code',
};

/** A queue of what comes, for the function that waits for it. */
class Box {
  constructor(what) {
    this.what = what;
    this.waiting = [];
    this.full = [];
  }

  put(value) {
    const taker = this.waiting.shift();
    if (taker) taker(value);
    else this.full.push(value);
  }

  async get() {
    if (this.full.length > 0) return this.full.shift();
    return within(this.what, resolve => this.waiting.push(resolve));
  }
}

/** A promise that fails when it takes too long. */
function within(what, start) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${what}`)), WAIT);
    const ended = end => value => {
      clearTimeout(timer);
      end(value);
    };
    start(ended(resolve), ended(reject));
  });
}

/** Thrown for what a client has no call for. */
class Unsupported extends Error {}

function want(got, wanted, what) {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) {
    throw new Error(`${what} is ${JSON.stringify(got)}, want ${JSON.stringify(wanted)}`);
  }
}

/** message fails as soon as an ERROR comes, which says more than a time-out. */
function message(s) {
  return Promise.race([
    s.messages.get(),
    s.errors.get().then(why => {
      throw new Error(why);
    }),
  ]);
}

async function text(s) {
  return (await message(s)).body.toString();
}

const features = {};

function run(client) {
  const { connect } = client;

  async function withSession(use, opts = {}) {
    const s = await connect({ port: process.env.STOMP_PORT, passcode: 'guest', ...opts });
    try {
      return await use(s);
    } finally {
      s.cut();
    }
  }

  function exchange(name, body, opts) {
    return withSession(async s => {
      await s.subscribe('/queue/answer-' + name, '1', 'auto');
      const headers = { case: name, answer: '/queue/answer-' + name };
      if (NOTES[name]) headers.note = NOTES[name];
      await s.send('/queue/partner', body, headers);
      const m = await message(s);
      want(m.headers.verdict, 'same', 'the verdict');
      if (!m.body.equals(Buffer.from(body))) throw new Error(`the body has ${m.body.length} bytes`);
      if (NOTES[name]) want(m.headers.note, NOTES[name], 'the note');
      await s.disconnect();
    }, opts);
  }

  /** What a new consumer gets, up to a message that is sent now. */
  function bodies(destination) {
    return withSession(async s => {
      await s.send(destination, 'the end', {});
      await s.subscribe(destination, '1', 'auto');
      const got = [];
      for (;;) {
        const body = await text(s);
        if (body === 'the end') return got;
        got.push(body);
      }
    });
  }

  /** Sends three messages, receives them, and acknowledges the second. */
  async function three(mode) {
    const queue = '/queue/ack-' + mode;
    await withSession(async s => {
      for (const body of ['1', '2', '3']) await s.send(queue, body, {});
      await s.subscribe(queue, '1', mode);
      for (const body of ['1', '2', '3']) {
        const m = await message(s);
        want(m.body.toString(), body, 'what came');
        if (body === '2' && mode !== 'auto') await s.ack(m);
      }
      await s.disconnect();
    });
    return bodies(queue);
  }

  async function receivers(s) {
    const got = [(await message(s)).headers.subscription, (await message(s)).headers.subscription];
    return got.sort();
  }

  Object.assign(features, {
    connect: () => withSession(async s => {
      want(s.version, VERSION, 'the version');
      await s.disconnect();
    }),

    'refused-login': async () => {
      try {
        await withSession(() => {}, { passcode: 'wrong' });
      } catch (e) {
        want(e.message, 'access refused', 'what it says');
        return;
      }
      throw new Error('it was let in');
    },

    text: () => exchange('text', 'two teas, please'),
    utf8: () => exchange('utf8', 'zwei Käse, 三杯茶, 🫖'),
    binary: () => exchange('binary', Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256))),
    large: () => exchange('large', Buffer.alloc(1 << 20, 'abcdefghijklmnopqrstuvwxyz').toString()),
    headers: () => exchange('headers', 'see the note'),
    backslash: () => exchange('backslash', 'see the note'),
    tls: () => exchange('text', 'two teas, please', { port: process.env.STOMP_TLS_PORT, tls: true }),

    receipt: () => withSession(async s => {
      await s.subscribe('/queue/receipt', '1', 'auto');
      await s.sendReceipt('/queue/receipt', 'x');
    }),

    topic: () => withSession(async s => {
      await s.subscribe('/topic/news', 'a', 'auto');
      await s.subscribe('/topic/news', 'b', 'auto');
      await s.send('/topic/news', 'x', {});
      want(await receivers(s), ['a', 'b'], 'the receivers');
    }),

    'ack-auto': async () => want(await three('auto'), [], 'what came again'),
    'ack-client': async () => want(await three('client'), ['3'], 'what came again'),
    'ack-individual': async () => want(await three('client-individual'), ['1', '3'], 'what came again'),

    nack: async () => {
      for (const [mode, again] of [['client', ['1', '2']], ['client-individual', ['2']]]) {
        const queue = '/queue/nack-' + mode;
        await withSession(async s => {
          for (const body of ['1', '2']) await s.send(queue, body, {});
          await s.subscribe(queue, '1', mode);
          const [first, second] = [await message(s), await message(s)];
          await s.nack(second);
          for (const body of again) {
            const m = await message(s);
            want([m.body.toString(), m.headers.redelivered], [body, 'true'], 'what came again');
            await s.ack(m);
          }
          if (mode === 'client-individual') await s.ack(first);
          await s.disconnect();
        });
        want(await bodies(queue), [], 'what came once more');
      }
    },

    commit: () => withSession(async s => {
      const transaction = await s.begin();
      await s.send('/queue/commit', 'inside', { transaction });
      await s.send('/queue/commit', 'outside', {});
      await s.subscribe('/queue/commit', '1', 'auto');
      want(await text(s), 'outside', 'what came before COMMIT');
      await s.commit(transaction);
      want(await text(s), 'inside', 'what came after COMMIT');
    }),

    abort: async () => {
      await withSession(async s => {
        const transaction = await s.begin();
        await s.send('/queue/abort', 'inside', { transaction });
        await s.abort(transaction);
        await s.disconnect();
      });
      want(await bodies('/queue/abort'), [], 'what came after ABORT');
    },

    'ack-transaction': async () => {
      const queue = '/queue/ack-transaction';
      await withSession(async s => {
        await s.send(queue, 'x', {});
        await s.disconnect();
      });
      for (const end of ['abort', 'commit']) {
        await withSession(async s => {
          await s.subscribe(queue, '1', 'client');
          const m = await message(s);
          const transaction = await s.begin();
          await s.ack(m, transaction);
          await s[end](transaction);
          await s.disconnect();
        });
      }
      want(await bodies(queue), [], 'what came after COMMIT');
    },

    redelivery: async () => {
      await withSession(async s => {
        await s.send('/queue/redelivery', 'x', {});
        await s.subscribe('/queue/redelivery', '1', 'client');
        want((await message(s)).headers.redelivered, undefined, 'redelivered');
      });
      await withSession(async s => {
        await s.subscribe('/queue/redelivery', '1', 'client');
        want((await message(s)).headers.redelivered, 'true', 'redelivered');
      });
    },

    unsubscribe: () => withSession(async s => {
      await s.subscribe('/queue/unsubscribe', 'old', 'auto');
      await s.unsubscribe('old');
      await s.send('/queue/unsubscribe', '1', {});
      await s.send('/queue/unsubscribe', '2', {});
      await s.subscribe('/queue/unsubscribe', 'new', 'auto');
      want(await receivers(s), ['new', 'new'], 'the receivers');
    }),

    'reply-to': () => withSession(asker => withSession(async answerer => {
      await asker.subscribe('/temp-queue/answers', '1', 'auto');
      await answerer.subscribe('/queue/questions', '1', 'auto');
      await asker.send('/queue/questions', 'why?', { 'reply-to': '/temp-queue/answers' });
      await answerer.send((await message(answerer)).headers['reply-to'], 'because', {});
      want(await text(asker), 'because', 'the answer');
    })),

    error: () => withSession(async s => {
      await s.sendNowhere();
      want(await s.errors.get(), 'missing destination', 'the message');
      await s.closed.get();
    }),

    disconnect: () => withSession(async s => {
      await s.disconnect();
      await s.closed.get();
    }),

    'heart-beat': () => withSession(async s => {
      await s.subscribe('/topic/enough', '1', 'auto');
      want(await text(s), 'enough', 'what came');
      await s.disconnect();
    }, { port: process.env.STOMP_BEAT_PORT, beat: Number(process.env.STOMP_BEAT) }),
  });

  return all(client);
}

async function all(client) {
  console.log('client', client.name);
  for (const name of process.env.STOMP_FEATURES.split(' ')) {
    try {
      await features[name]();
      console.log('ok', name);
    } catch (e) {
      const word = e instanceof Unsupported ? 'unsupported' : 'fail';
      console.log(word, name, String(e.message).replace(/\s+/g, ' '));
    }
  }
  process.exit(0); // whatever sockets and timers are left
}

/** Loads a library, or says that it is not there. */
function load(name) {
  try {
    return require(name);
  } catch (e) {
    console.log('absent', e.message.split('\n')[0]);
    process.exit(0);
  }
}

module.exports = { Box, Unsupported, VERSION, WAIT, load, run, within };
