// Elements, times and texts. Nothing here parses HTML: all text goes into text nodes.

export const words = JSON.parse(document.body.dataset.words);

/** The text with `value` in its place. */
export const fill = (text, value) => text.replace('{}', () => value);

/** An element with properties (`class`, `data-…` and `aria-…` as attributes) and children: elements, texts, or nothing. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child));
  return made;
}

// ── the sandbox's clock, as its last answer said and this machine's clock went on ──────────────────────────────────
let ahead = 0;
let stoppedAt;

export const setClock = ({ now, frozen }) => {
  ahead = Date.parse(now) - Date.now();
  stoppedAt = frozen ? Date.parse(now) : undefined;
};

/** The sandbox's time in milliseconds. */
export const now = () => stoppedAt ?? Date.now() + ahead;

/** The sandbox's day, on which it depends how a time is told. */
export const today = () => new Date(now()).toDateString();

// ── times ──────────────────────────────────────────────────────────────────────────────────────────────────────────
const format = (options) => new Intl.DateTimeFormat(words.lang === 'no' ? 'nb-NO' : 'en-GB', options);
const clock = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = format({ day: 'numeric', month: 'short' });

/** The time of day, with the date if that is not today's. `time`: milliseconds or RFC 3339. */
export function timeText(time) {
  const date = new Date(time);
  return date.toDateString() === today() ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`;
}

/** The time in a sentence, in which Norwegian says `kl.`. */
export function whenText(time) {
  return words.lang === 'no' ? timeText(time).replace(/(\d\d:\d\d:\d\d)/, 'kl. $1') : timeText(time);
}

/** The two largest units: `89 days 23 h`, `9 min 30 s`. */
export function durationText(milliseconds) {
  const all = Math.round(Math.abs(milliseconds) / 1000);
  const no = words.lang === 'no';
  const days = Math.floor(all / 86400);
  const parts = [
    days && `${days} ${no ? (days === 1 ? 'dag' : 'dager') : days === 1 ? 'day' : 'days'}`,
    Math.floor(all / 3600) % 24 && `${Math.floor(all / 3600) % 24} ${no ? 't' : 'h'}`,
    Math.floor(all / 60) % 60 && `${Math.floor(all / 60) % 60} min`,
    all % 60 && `${all % 60} s`,
  ];
  const first = parts.findIndex(Boolean);
  return first < 0 ? '0 s' : parts.slice(first, first + 2).filter(Boolean).join(' ');
}

/** `in 5 min`, `5 min ago`. */
export function distanceText(time) {
  const gap = new Date(time) - now();
  return Math.abs(gap) < 1000 ? words.now : fill(gap > 0 ? words.time_in : words.time_ago, durationText(gap));
}

const STAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

/** The text with its times in this browser's time zone. */
export const localTimes = (text) => text.replace(STAMP, (stamp) => whenText(stamp));
