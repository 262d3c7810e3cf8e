// A person's way through the console: sign in, place a practice call and watch it live, cancel another, send a failed webhook
// again, switch the theme; at both widths. `node journey.mjs <program> [smoke]`: the smoke part is the first way alone.
import assert from 'node:assert/strict';
import { launch, person, WIDTHS } from './browser.mjs';
import { gateway, receiver, until } from './gateway.mjs';

const [program, part] = process.argv.slice(2);
if (!program) throw new Error('node journey.mjs <program> [smoke]');
const widths = part === 'smoke' ? WIDTHS.slice(0, 1) : WIDTHS;

const browser = await launch();
try {
  for (const width of widths) await way(width);
  if (part !== 'smoke') await withoutScript();
} finally {
  await browser.close();
}
console.log('a person finds the way');

async function way(width) {
  const served = await gateway(program);
  const hears = await receiver();
  const { page, faults, close } = await person(browser, served.url, { width });
  const step = (what) => console.log(`${width}: ${what}`);
  try {
    step('sign in with a wrong key, then with the right one');
    await page.goto('/console');
    await page.getByLabel('API key', { exact: true }).fill('cg_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This server does not know that key.').waitFor();
    faults.splice(0); // The refusal is a 403, which the browser notes.
    await page.getByLabel('API key', { exact: true }).fill(served.key);
    await page.getByRole('button', { name: 'Sign in' }).click();

    step('place a practice call from the welcome');
    await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
    await served.api('POST', '/v1/webhook-endpoints', { url: hears.url });
    await page.getByRole('button', { name: 'Place practice call' }).click();
    await page.waitForURL(/\/console\/calls\/[0-9a-f-]{36}$/);

    step('watch its turns arrive without a reload');
    await page.evaluate(() => (window.neverReloaded = true));
    const turns = page.locator('.talk .say');
    await until(async () => (await turns.count()) >= 1, 20_000, 'a first turn');
    await until(async () => (await turns.count()) >= 3, 25_000, 'three turns');
    await page.locator('.pill', { hasText: 'Completed' }).first().waitFor({ timeout: 25_000 });
    assert.equal(await page.evaluate(() => window.neverReloaded), true, 'the page was loaded again');
    await until(() => hears.heard.length === 1, 10_000, 'the webhook');

    step('the finished call is on Overview');
    await page.goto('/console');
    await page.getByRole('heading', { name: 'Just finished' }).waitFor();

    step('place another from its agent, without leaving the page');
    await page.goto('/console/agents');
    const card = page.getByRole('article', { name: /Altai/ });
    await card.getByRole('button', { name: 'Place call' }).click();
    const watch = card.getByRole('link', { name: 'Watch live' });
    await watch.waitFor();
    await card.locator('.reply .pill', { hasText: 'Completed' }).waitFor({ timeout: 30_000 });
    assert.equal(new URL(page.url()).pathname, '/console/agents');
    await until(() => hears.heard.length === 2, 10_000, 'its webhook');
    await card.getByLabel('Phone to call').fill('12');
    await card.getByRole('button', { name: 'Place call' }).click();
    await card.locator('.reply', { hasText: "'12'" }).waitFor();
    faults.splice(0); // The refusal is a 422, which the browser notes.

    step('an answer that is lost makes no second call, and another number makes one');
    const all = async () => (await served.api('GET', '/v1/calls?limit=200')).data.length;
    const press = async (phone, shown) => {
      await card.getByLabel('Phone to call').fill(phone);
      await card.getByRole('button', { name: 'Place call' }).click();
      await card.locator('button:enabled', { hasText: 'Place call' }).waitFor();
      await card.locator('.reply', { hasText: shown }).waitFor();
    };
    const placing = '**/console/agents/*/calls', were = await all();
    await page.route(placing, async (route) => { await route.fetch(); await route.abort(); });
    await press('+12025550111', 'it is placed once');
    await press('+12025550112', 'it is placed once');
    await press('+1 202 555-0111', 'it is placed once');
    assert.equal(await all(), were + 2, 'one for each number');
    await page.unroute(placing);
    await press('+12025550111', 'Watch live');
    assert.equal(await all(), were + 2, 'its call is found again');
    await press('+12025550111', 'Watch live');
    assert.equal(await all(), were + 3, 'what is known and pressed again is another call');
    await until(() => hears.heard.length === 5, 60_000, 'their webhooks');
    faults.splice(0); // Lost answers, which the browser notes.

    step('cancel another');
    const open = await served.place('+12025550101', 'altai');
    await page.goto(`/console/calls/${open}`);
    await page.getByRole('button', { name: 'Cancel call' }).click();
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Cancel call' });
    if (await confirm.isVisible().catch(() => false)) await confirm.click();
    await page.locator('.pill', { hasText: 'Canceled' }).first().waitFor({ timeout: 25_000 });
    assert.equal((await served.api('GET', `/v1/calls/${open}`)).status, 'canceled');

    step('a failed webhook is sent again');
    hears.fails = true;
    const before = hears.heard.length;
    const failing = await served.place('+12025550103', 'akylai');
    await served.ended(failing);
    await until(() => hears.heard.length > before, 15_000, 'a first try');
    hears.fails = false;
    const tried = hears.heard.length;
    await until(async () => (await served.api('GET', '/v1/webhook-deliveries')).data.some((one) => one.call_id === failing && one.tries > 0), 15_000, 'the failure is on record');
    await page.goto('/console/webhooks');
    await page.locator('.deliveries summary').first().click();
    await page.getByRole('link', { name: 'What was sent and answered' }).first().click();
    await page.getByText('"call.completed"').waitFor();
    await page.getByText('out of order').waitFor();
    await page.getByRole('button', { name: 'Send again' }).first().click();
    await until(() => hears.heard.length > tried, 15_000, 'it was sent again');

    step('switch the theme, and it stays');
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme ?? '');
    const was = await theme();
    await page.getByRole('button', { name: 'Switch between light and dark' }).click();
    const is = await theme();
    assert.notEqual(is, was);
    await page.goto('/console/calls');
    assert.equal(await theme(), is);

    step('the server goes away and comes back while a call is watched');
    const watched = await served.place('+12025550101', 'akylai');
    await page.goto(`/console/calls/${watched}`);
    await served.stop();
    await page.getByText('Reconnecting').first().waitFor({ timeout: 15_000 });
    faults.splice(0); // A server that is gone cannot answer.
    await served.start();
    await page.locator('.pill', { hasText: /Completed|Failed/ }).first().waitFor({ timeout: 60_000 });
    faults.splice(0);

    step('sign out');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
    await page.goto('/console/calls');
    await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
    assert.deepEqual(faults, []);
  } finally {
    await close();
    hears.close();
    await served.close();
  }
}

/// Every page can be read, and a call placed, without a script.
async function withoutScript() {
  const served = await gateway(program);
  const { page, close } = await person(browser, served.url, { script: false });
  try {
    console.log('without a script');
    await page.goto(await served.link());
    await page.getByRole('button', { name: 'Place practice call' }).click();
    await page.waitForURL(/\/console\/calls\//);
    const id = page.url().split('/').pop();
    await served.ended(id);
    await page.reload();
    assert.ok((await page.locator('.talk .say').count()) >= 3);
    for (const path of ['/console', '/console/calls', '/console/agents', '/console/webhooks', '/docs', '/docs/errors']) {
      await page.goto(path);
      assert.ok((await page.locator('main h1').count()) === 1, path);
    }
  } finally {
    await close();
    await served.close();
  }
}
