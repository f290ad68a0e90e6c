// The console: follows the sandbox's events and shows them; its buttons are the control API.

import { distanceText, durationText, fill, now, setClock, timeText, today, words } from './dom.js';
import { showLogins } from './logins.js';
import { forgetRequests, reveal, showRequests } from './requests.js';
import { showSessions } from './sessions.js';
import { showSettings } from './settings.js';

const MAX_EVENTS = 2000;

const place = (id) => document.getElementById(id);
let events = [];
let state;
let shownOn;

// ── the address may have the key to the secrets ────────────────────────────────────────────────────────────────────
if (location.hash.startsWith('#key=')) {
  sessionStorage.setItem('key', location.hash.slice(5));
  history.replaceState(null, '', location.pathname + location.search);
}

// The terminal's address, opened where the console is open already.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#key=')) location.reload();
});

async function loadSecrets() {
  const key = sessionStorage.getItem('key');
  const response = await fetch('/sandbox/secrets', key ? { headers: { Authorization: `Bearer ${key}` } } : {});
  return response.ok ? response.json() : {};
}

// ── following ──────────────────────────────────────────────────────────────────────────────────────────────────────
async function loadState() {
  const response = await fetch('/sandbox');
  if (!response.ok) throw new Error(response.status);
  const fresh = await response.json();
  setClock(fresh.clock);
  const last = events.at(-1)?.number ?? 0;
  if (fresh.events < last) events = []; // another sandbox has taken its place
  if (JSON.stringify(fresh.clients) !== JSON.stringify(state?.clients)) {
    showSettings(place('settings'), fresh, await loadSecrets());
  }
  state = fresh;
}

async function loadEvents(wait) {
  const after = events.at(-1)?.number ?? 0;
  const response = await fetch(`/sandbox/events?after=${after}&wait=${wait}&lang=${words.lang}`);
  if (!response.ok) throw new Error(response.status);
  const fresh = (await response.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  if (after > 0 && fresh.some((event) => event.code === 'aged')) {
    events = []; // the times of all have changed
    forgetRequests(place('requests'));
    return loadEvents(0);
  }
  events = [...events, ...fresh].slice(-MAX_EVENTS);
  return fresh.length > 0;
}

async function follow() {
  for (let wait = 0; ; ) {
    const began = Date.now();
    try {
      const news = await loadEvents(wait);
      await loadState();
      place('offline').hidden = true;
      show();
      wait = 25;
      // With too many others waiting, the sandbox answers at once.
      if (!news && Date.now() - began < 1000) await pause(1000);
    } catch {
      place('offline').hidden = false;
      wait = 0;
      await pause(1000);
    }
  }
}

const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

// ── showing ────────────────────────────────────────────────────────────────────────────────────────────────────────
function show() {
  shownOn = today();
  showLogins(place('logins'), state.pending_logins, state.users, decide);
  showSessions(place('sessions'), state.sessions, events);
  showRequests(place('requests'), events, place('only-refused').checked);
  tick();
}

/** What changes by itself, each second. */
function tick() {
  if (!state) return;
  if (shownOn !== today()) {
    show();
    return;
  }
  place('now').textContent = timeText(now());
  const { offset, frozen } = state.clock;
  const text = fill(offset > 0 ? words.ahead : words.behind, durationText(offset * 1000));
  place('offset').textContent = frozen ? words.stopped : offset === 0 ? words.in_step : text;
  for (const distance of document.querySelectorAll('.distance')) {
    const time = Number(distance.dataset.time);
    distance.textContent = distanceText(time);
    if (time <= now() && !distance.closest('.over')) {
      show(); // an end has come
      return;
    }
  }
}

// ── acting ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async function act(control, body, done) {
  try {
    const response = await fetch(`/sandbox/${control}`, { method: 'POST', body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error_description);
    place('done').textContent = done(answer);
  } catch (error) {
    place('done').textContent = fill(words.failed, error.message);
  }
}

const decide = (control, body) =>
  act(control, body, () => (control === 'logins/approve' ? words.done_approve : words.done_deny));

for (const button of document.querySelectorAll('[data-advance]')) {
  const advance = Number(button.dataset.advance);
  button.addEventListener('click', () => {
    const [control, body, done] = place('age').checked
      ? ['age', { seconds: advance }, words.done_age]
      : ['clock', { advance }, words.done_clock];
    act(control, body, () => `${done}: ${button.textContent}`);
  });
}

const DONE = {
  'sso/end': (answer) => fill(words.done_sso, answer.ended),
  revoke: (answer) => fill(words.done_revoke, answer.revoked),
  'keys/rotate': () => words.done_keys,
};
for (const button of document.querySelectorAll('[data-control]')) {
  button.addEventListener('click', () => act(button.dataset.control, {}, DONE[button.dataset.control]));
}

place('fail').addEventListener('submit', (event) => {
  event.preventDefault();
  const { times, endpoint, how } = Object.fromEntries(new FormData(event.target));
  const lost = how === 'lost';
  const body = { endpoint, times: Number(times), status: lost ? 502 : Number(how), after: lost };
  act('fail', body, () => `${words.done_fail}: ${times} × ${endpoint}`);
});

place('only-refused').addEventListener('change', show);

// A mark leads to its request, also where that is filtered out.
document.addEventListener('click', (event) => {
  const id = event.target.closest?.('a.mark')?.hash.slice(1);
  if (!id) return;
  event.preventDefault();
  place('only-refused').checked &&= place(id) !== null;
  if (!place(id)) reveal(place('requests'), events, Number(id.slice('event-'.length)));
  const row = place(id);
  row?.scrollIntoView({ block: 'center', behavior: 'smooth' });
  row?.focus({ preventScroll: true });
});

setInterval(tick, 1000);
follow();
