// Chromium of the distribution, watched: an error on a page, or a request to another host, fails the test.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

export const WIDTHS = [1280, 390];
export const THEMES = ['light', 'dark'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
}

/// A new person's browser. What goes wrong on its pages is kept in `faults`.
export async function person(browser, url, { width = 1280, theme = 'light', script = true } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height: width > 600 ? 900 : 844 },
    colorScheme: theme,
    javaScriptEnabled: script,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults = [];
  page.on('console', (said) => said.type() === 'error' && faults.push(`console: ${said.text()}`));
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== 'data:' && asked.origin !== new URL(url).origin) faults.push(`another host: ${request.url()}`);
  });
  page.on('response', (answer) => answer.status() >= 500 && faults.push(`${answer.status()} ${answer.url()}`));
  return { page, context, faults, close: () => context.close() };
}

/// Violations that the accessibility checker finds on the page as it is.
export async function violations(page) {
  // The page's own policy forbids scripts in line, so it is handed over by the debugger.
  await page.evaluate(AXE + ';0');
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`));
}

/// How much wider than its window the page is.
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
