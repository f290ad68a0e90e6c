// The sessions: until when each lives, its bar from login to end, and why its last refresh was refused.

import { distanceText, element, fill, localTimes, now, timeText, whenText, words } from './dom.js';

/** How many are shown at first, and how many marks one bar has. */
const SHOWN = 8;
const MARKS = 80;

/** The share of the bar that is the session's life; what came after the end has the rest. */
const LIFE = 84;

const MARKED = ['refreshed', 'renewed', 'refused', 'sso_ended', 'revoked'];

let showAll = false;

/** Shows `sessions`, oldest first, with the marks of `events`. */
export function showSessions(place, sessions, events) {
  if (sessions.length === 0) {
    place.replaceChildren(
      element('div', { class: 'empty' }, element('b', {}, words.no_sessions), element('p', {}, words.no_sessions_lead)),
    );
    return;
  }
  const focused = document.activeElement?.id;
  const latest = sessions.toReversed();
  const shown = showAll ? latest : latest.slice(0, SHOWN);
  const cards = shown.map((session) => card(session, events.filter((event) => event.session === session.number)));
  const hidden = latest.length - shown.length;
  const more = () => {
    showAll = true;
    showSessions(place, sessions, events);
  };
  if (hidden > 0) cards.push(element('button', { type: 'button', onclick: more }, fill(words.earlier, hidden)));
  place.replaceChildren(...cards);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** When it ended or will: at its revocation or at its end. */
const endOf = (session) => Date.parse(session.revoked_at ?? session.ends_at);

function card(session, events) {
  const [end, alive] = [endOf(session), endOf(session) > now()];
  const state = alive ? words.lives_until : session.revoked_at ? words.revoked : words.ended;
  const last = events.findLast((event) => ['refused', 'refreshed', 'renewed'].includes(event.kind));
  const refused = last?.kind === 'refused' ? last : undefined; // after a success it is past
  const ssoEnded = session.sso_ends_at && Date.parse(session.sso_ends_at) <= now() ? session.sso_ends_at : undefined;
  return element(
    'article',
    { class: alive ? 'session' : 'session over', 'data-session': session.number },
    element(
      'div',
      { class: 'headline' },
      element('p', { class: 'who' }, element('b', {}, session.user), ` ${words.at} `, element('b', {}, session.client_id)),
      element(
        'p',
        { class: 'until' },
        `${state} `,
        element('strong', {}, timeText(end)),
        element('span', { class: 'distance', 'data-time': end }, distanceText(end)),
      ),
    ),
    bar(session, events),
    session.refreshable ? undefined : element('p', { class: 'hint' }, words.no_refresh_token),
    ssoEnded && element('p', { class: 'hint sso' }, fill(words.sso_ended, whenText(ssoEnded))),
    refused &&
      element(
        'p',
        { class: 'refusal' },
        element('span', { class: 'pill' }, `${words.last_refused} ${whenText(refused.time)}`),
        element('span', { class: 'reason' }, localTimes(refused.reason ?? refused.answered)),
      ),
  );
}

/** Places on the bar, in percent: the life is linear, and all that came after the end is squeezed behind it. */
function scale(session) {
  const [start, end] = [Date.parse(session.login_at), endOf(session)];
  const last = Math.max(now(), end + 1);
  return (time) => {
    const share = time < end ? (LIFE * (time - start)) / (end - start) : LIFE + 14 * Math.sqrt((time - end) / (last - end));
    return Math.min(Math.max(share, 0), 98.5);
  };
}

function bar(session, events) {
  const [place, start, end] = [scale(session), Date.parse(session.login_at), endOf(session)];
  const at = (made, percent) => {
    made.style.left = `${percent}%`;
    return made;
  };
  const marks = events.filter((event) => MARKED.includes(event.kind)).slice(-MARKS);
  const life = element('div', { class: 'life' });
  life.style.width = `${LIFE}%`;
  const lived = element('div', { class: 'lived' });
  lived.style.width = `${Math.min(place(Math.min(now(), end)), LIFE)}%`;
  const track = element('div', { class: 'track' }, life, lived);
  const ssoEnd = session.sso_ends_at && Date.parse(session.sso_ends_at);
  if (ssoEnd && ssoEnd < end) {
    const without = element('div', { class: 'without-sso' });
    without.style.left = `${place(ssoEnd)}%`;
    without.style.width = `${LIFE - place(ssoEnd)}%`;
    track.append(without);
  }
  for (const event of marks) track.append(at(mark(event), place(Date.parse(event.time))));
  track.append(at(element('i', { class: 'now', 'data-label': words.now }), place(now())));
  const ends = at(element('span', { class: 'end' }, `${words.end} ${timeText(end)}`), LIFE);
  return element(
    'div',
    { class: 'bar', role: 'group', 'aria-label': barText(session, marks) },
    track,
    element('div', { class: 'axis', 'aria-hidden': 'true' }, element('span', {}, `${words.login} ${timeText(start)}`), ends),
  );
}

/** A mark, which leads to its request. */
function mark(event) {
  const text = `${words[`mark_${event.kind}`]} ${timeText(event.time)}: ${localTimes(event.reason ?? event.answered)}`;
  return element('a', {
    id: `mark-${event.number}`,
    class: 'mark',
    'data-kind': event.kind,
    href: `#event-${event.number}`,
    title: text,
    'aria-label': text,
  });
}

function barText(session, marks) {
  const count = (kind) => marks.filter((event) => event.kind === kind).length;
  const counts = MARKED.filter(count).map((kind) => `${words[`mark_${kind}`]}: ${count(kind)}`);
  const [start, end] = [timeText(session.login_at), timeText(endOf(session))];
  return [`${words.login} ${start}`, `${words.end} ${end}`, ...counts].join(', ');
}
