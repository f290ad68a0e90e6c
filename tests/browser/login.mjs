// What a person does between the printed URL and the page that says the login is done, in the machine's Chromium.

import { chromium } from 'playwright-core';

/** What keeps Chromium to the pages it is sent to, and lets it run in a container. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ARGUMENTS });

/**
 * Opens `url` and logs in. `shot(page, name)` is called on the login page and on the last one. Gives what a test
 * judges: where it ended, what the page says, every request's origin, and the console's complaints.
 */
export async function login(browser, { url, colorScheme = 'light', locale = 'en-GB' }, shot = async () => {}) {
  const context = await browser.newContext({ colorScheme, locale, viewport: { width: 1000, height: 720 } });
  const page = await context.newPage();
  const seen = { origins: new Set(), console: [] };
  page.on('request', (request) => seen.origins.add(new URL(request.url()).origin));
  page.on('console', (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => seen.console.push(`pageerror: ${error.message}`));

  await page.goto(url);
  await shot(page, 'login');
  const loginText = await page.locator('body').innerText();
  await page.locator('form button[type=submit]:visible, form button:not([type]):visible').first().click();
  const issuer = new URL(url).origin;
  await page.waitForURL((at) => at.origin !== issuer && !at.search); // the code leaves the address bar
  await shot(page, 'done');
  const result = {
    url: page.url(),
    loginText,
    text: await page.locator('body').innerText(),
    title: await page.title(),
    lang: await page.locator('html').getAttribute('lang'),
    background: await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    origins: [...seen.origins],
    console: seen.console,
  };
  await context.close();
  return result;
}
