// Every screen of console and docs, light and dark, at both widths: looked at by the accessibility checker and by whoever
// opens the pictures. `node screens.mjs <program> <folder for pictures>`
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, overflow, person, THEMES, violations, WIDTHS } from './browser.mjs';
import { gateway, receiver, until } from './gateway.mjs';

const [program, folder] = process.argv.slice(2);
if (!program || !folder) throw new Error('node screens.mjs <program> <folder for pictures>');
mkdirSync(folder, { recursive: true });

const served = await gateway(program);
const hears = await receiver();
const browser = await launch();
const faults = [];

/// Looks at one screen as everybody sees it.
async function look(name, path, { signedIn = true, ready } = {}) {
  for (const width of WIDTHS) {
    for (const theme of THEMES) {
      const { page, faults: seen, close } = await person(browser, served.url, { width, theme });
      if (signedIn) await page.goto(await served.link());
      await page.goto(path);
      if (ready) await ready(page);
      const wrong = [...seen, ...(await violations(page))];
      const wide = await overflow(page);
      if (wide > 0) wrong.push(`${wide} px wider than the window`);
      await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`), fullPage: true });
      faults.push(...wrong.map((fault) => `${name} ${width} ${theme}: ${fault}`));
      await close();
    }
  }
  console.log(`looked at ${name}`);
}

try {
  await look('sign-in', '/console/sign-in', { signedIn: false });
  await look('welcome', '/console');
  await served.api('POST', '/v1/webhook-endpoints', { url: hears.url });
  hears.fails = true;
  const done = await served.place('+12025550101', 'akylai', { reference: '<i>заказ</i> "7"' });
  const unanswered = await served.place('+12025550102', 'altai');
  const busy = await served.place('+12025550103', 'akylai');
  await Promise.all([done, unanswered, busy].map(served.ended));
  await until(() => hears.heard.length >= 3, 20_000, 'webhooks are sent');
  const live = await served.place('+12025550101', 'altai');
  await until(async () => (await served.api('GET', `/v1/calls/${live}`)).status === 'in_progress', 20_000, 'the call is answered');
  await look('call-live', `/console/calls/${live}`);
  await served.place('+12025550101', 'altai');
  await look('overview', '/console');
  await look('calls', '/console/calls');
  await look('calls-none', '/console/calls?q=%2B12025559999');
  await look('call', `/console/calls/${done}`);
  await look('call-unanswered', `/console/calls/${unanswered}`);
  await look('agents', '/console/agents');
  await look('webhooks', '/console/webhooks');
  const deliveries = (await served.api('GET', '/v1/webhook-deliveries')).data;
  await look('delivery', `/console/webhooks/deliveries/${deliveries.find((one) => one.tries > 0).id}`);
  await look('agents-placed', '/console/agents', { ready: async (page) => {
    await page.getByRole('button', { name: 'Place call' }).first().click();
    await page.getByRole('link', { name: 'Watch live' }).first().waitFor();
  } });
  await look('missing', '/console/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d');
  await look('home', '/', { signedIn: false });
  await look('docs', '/docs', { signedIn: false });
  await look('docs-reference', '/docs/reference', { signedIn: false, ready: (page) => page.locator('.opblock').first().waitFor() });
  await look('docs-errors', '/docs/errors', { signedIn: false });
} finally {
  await browser.close();
  hears.close();
  await served.close();
}
// A page that is not there is answered with 404, which the browser notes.
const real = faults.filter((fault) => !(fault.startsWith('missing') && fault.includes('404')));
if (real.length > 0) {
  console.error(real.join('\n'));
  process.exit(1);
}
console.log('no violation, no error, nothing from elsewhere');
