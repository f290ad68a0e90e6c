// The requests, the latest first: what was asked, what was answered, and why.

import { element, fill, localTimes, timeText, today, words } from './dom.js';

const STEP = 30;

let limit = STEP;
let shownOn;

/** Shows the row of that id, if it was hidden because it is early. */
export function reveal(place, events, number) {
  limit = Math.max(limit, events.length - events.findIndex((event) => event.number === number));
  showRequests(place, events, false);
}

/** Lets all rows be made anew. */
export const forgetRequests = (place) => place.replaceChildren();

/** Shows the latest of `events`. */
export function showRequests(place, events, onlyRefused) {
  const chosen = events.filter((event) => !onlyRefused || event.kind === 'refused');
  const shown = chosen.slice(-limit).toReversed();
  if (shown.length === 0) {
    place.replaceChildren(element('li', { class: 'empty' }, words.no_requests));
    return;
  }
  // What is there already keeps its focus and selection, until its times are told otherwise.
  const known = new Map(shownOn === today() ? [...place.children].map((row) => [row.id, row]) : []);
  const focused = place.contains(document.activeElement) ? document.activeElement.id : '';
  shownOn = today();
  place.replaceChildren(...shown.map((event) => known.get(`event-${event.number}`) ?? row(event)));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  const more = () => {
    limit += STEP;
    showRequests(place, events, onlyRefused);
  };
  const hidden = chosen.length - shown.length;
  if (hidden > 0) {
    const button = element('button', { type: 'button', onclick: more }, fill(words.earlier, Math.min(hidden, STEP)));
    place.append(element('li', { class: 'more' }, button));
  }
}

function row(event) {
  const isControl = event.kind === 'control';
  const line = (label, text) =>
    text && (!isControl || !event.reason) && element('p', { class: 'wire' }, element('span', {}, label), element('code', {}, localTimes(text)));
  return element(
    'li',
    { id: `event-${event.number}`, 'data-kind': event.kind, tabindex: '-1' },
    element(
      'p',
      { class: 'what' },
      element('time', { datetime: event.time }, timeText(event.time)),
      element('b', {}, nameOf(event)),
      event.client_id && element('span', { class: 'client' }, event.client_id),
      element('span', { class: 'pill' }, words[`mark_${event.kind}`] ?? event.answered.split(' ')[0]),
    ),
    event.reason && element('p', { class: 'reason' }, localTimes(event.reason)),
    line(words.asked, event.asked),
    line(words.answered, event.answered),
  );
}

/** The name of the request in plain words. */
function nameOf(event) {
  if (/^\S+ \/sandbox\//.test(event.asked)) return `${words.control}: ${event.endpoint}`;
  const grant = /grant_type=(?:urn:\S*:)?(\w+)/.exec(event.asked)?.[1];
  if (event.asked === '') return words[`mark_${event.kind}`];
  return words[`grant_${grant}`] ?? words[`endpoint_${event.endpoint}`] ?? (event.endpoint || words.unknown_path);
}
