// An OpenID provider that shares no line with tidp, behaving as TelenorID+ does. It prints one line of JSON when it
// is ready and ends when its standard input does. Its control API moves its clock and breaks it on purpose:
//   GET  /control                                                  {"now", "requests": {"token": 2, …}}
//   POST /control/clock          {"advance": s} or {"offset": s}   the second counts from the real clock;
//                                {"freeze": true}                  it stands still but for that
//   POST /control/sso/end        {} or {"revoke": true}            ends every SSO session (and every refresh token)
//   POST /control/refresh-tokens {"mode": "rotate" | "reuse"}      one-time handles, or the same again
//   POST /control/introspection  {"mode": "own" | "none"}            which tokens a client may ask about
//   POST /control/access-token-lifetime {"seconds": s}
//   POST /control/keys/rotate    {} or {"keep": false}             a new signing key (and the old ones withdrawn)
//   POST /control/backchannel    {"approve": true | false}       decides the oldest login that waits for a phone
//   POST /control/fail           {"status": 503, "times": 1, "path": "/connect/token"}   status 0: done, not answered
//   POST /control/hold           {}     the next token answer is held back until POST /control/release

import { createServer } from 'node:http';

console.info = console.warn = console.error; // standard output is for the one line

const realNow = Date.now;
let offset = 0;
let frozen; // the moment at which the clock was stopped
Date.now = () => (frozen ?? realNow()) + offset * 1000;

const { decide } = await import('./ciba.mjs');
const { CLIENTS } = await import('./policies.mjs');
const { Store } = await import('./store.mjs');
const { newKey, sidOf, verified } = await import('./tokens.mjs');
const { ACCOUNT, SCOPES, telenorProvider } = await import('./telenor.mjs');

const store = new Store();
const settings = {
  refreshTokens: 'rotate',
  introspection: 'own',
  accessTokenLifetime: 3600,
  handles: new Map(),
  undecided: [],
};
const everKeys = [newKey()];
let held; // what an answer waits for: {promise, resolve}
const failures = { status: 0, times: 0, path: '' };
let counts = {};
let keys = [...everKeys];
let issuer;
let provider;
let handle;

function rebuild() {
  provider = telenorProvider(issuer, store, keys, settings);
  handle = provider.callback();
}

function withResolvers() {
  let resolve;
  const promise = new Promise((resolved) => (resolve = resolved));
  return { promise, resolve };
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function answer(response, status, body) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, Date: new Date(Date.now()).toUTCString() }).end(text);
}

const controls = {
  '/control/clock': ({ advance = 0, offset: absolute = offset, freeze }) => {
    offset = absolute + advance;
    if (freeze !== undefined) frozen = freeze ? realNow() : undefined;
  },
  '/control/sso/end': ({ revoke }) => {
    store.endSessionsWhere(() => true);
    if (revoke) store.revokeAll();
  },
  '/control/refresh-tokens': ({ mode }) => void (settings.refreshTokens = mode),
  '/control/introspection': ({ mode }) => void (settings.introspection = mode),
  '/control/access-token-lifetime': ({ seconds }) => void (settings.accessTokenLifetime = seconds),
  '/control/keys/rotate': ({ keep = true }) => {
    everKeys.unshift(newKey());
    keys = keep ? [...everKeys] : [everKeys[0]];
    rebuild();
  },
  '/control/backchannel': ({ approve }) => decide(provider, settings.undecided, approve, SCOPES),
  '/control/fail': (wanted) => void Object.assign(failures, { path: '/connect/token', times: 1 }, wanted),
  '/control/hold': () => void (held = withResolvers()),
  '/control/release': () => {
    held?.resolve();
    held = undefined;
  },
};

const state = () => ({ now: Math.floor(Date.now() / 1000), requests: counts });

async function control(request, response, path) {
  if (request.method === 'GET') return answer(response, 200, state());
  const change = controls[path];
  if (!change) return answer(response, 404, { error: 'no such control' });
  await change(JSON.parse((await bodyOf(request)) || '{}'));
  return answer(response, 200, state());
}

/** TelenorID+'s own logout for applications without a browser ("Logout"). */
async function customLogout(request, response) {
  let wanted = {};
  try {
    wanted = JSON.parse(await bodyOf(request));
  } catch {
    // as good as no hint
  }
  if (!wanted.id_token_hint) return answer(response, 400, 'id_token_hint is missing');
  const hint = verified(wanted.id_token_hint, everKeys);
  if (hint?.iss !== issuer || !hint.sid) return answer(response, 401, 'id_token_hint does not validate');
  const ended = store.endSessionsWhere((uid) => sidOf(uid) === hint.sid);
  return ended ? answer(response, 200, { state: wanted.state }) : answer(response, 200, 'Already logged out');
}

/** Nobody is there to click: the one account logs in at once. */
const approve = (request, response) =>
  provider.interactionFinished(request, response, { login: { accountId: ACCOUNT } });

/** Whether this request is one that a test wanted to fail. */
function fails(path, response) {
  if (failures.times === 0 || path !== failures.path) return false;
  failures.times -= 1;
  if (failures.status !== 0) {
    answer(response, failures.status, { error: 'temporarily_unavailable' });
    return true;
  }
  response.write = () => true;
  response.end = () => response.socket.destroy(); // the provider has done its part; nobody hears of it
  return false;
}

/** The provider does its part now, and its answer leaves when it is released. */
function holdBack(response) {
  const { promise } = held;
  const end = response.end.bind(response);
  response.end = (...rest) => void promise.then(() => end(...rest));
}

async function serve(request, response) {
  const path = new URL(request.url, issuer).pathname;
  if (path.startsWith('/control')) return control(request, response, path);
  const name = path.startsWith('/interaction/') ? 'interaction' : path.split('/').at(-1);
  counts[name] = (counts[name] ?? 0) + 1;
  if (fails(path, response)) return undefined;
  if (path === '/connect/token' && held) holdBack(response);
  if (path.startsWith('/interaction/')) return approve(request, response);
  if (path === '/connect/custom_logout') return customLogout(request, response);
  return handle(request, response);
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) answer(response, 500, { error: 'server_error' });
  });
});
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  rebuild();
  const clients = CLIENTS.map(({ auth_method, ...client }) => client);
  process.stdout.write(`${JSON.stringify({ issuer, clients })}\n`);
});
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
