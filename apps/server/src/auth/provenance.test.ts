import { expect, test } from 'vitest';
import { isForeign, wasForwarded } from './provenance.ts';

test('what a proxy has passed on is known by what proxies add', () => {
  expect(wasForwarded({ host: 'localhost' })).toBe(false);
  for (const name of ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip']) {
    expect(wasForwarded({ [name]: '' })).toBe(true);
  }
});

test('what a page of another origin loads is foreign; what a person opens or our own page loads is not', () => {
  const sent = (site: string | undefined, mode: string): boolean =>
    isForeign({ ...(site !== undefined && { 'sec-fetch-site': site }), 'sec-fetch-mode': mode });
  expect(sent('cross-site', 'no-cors')).toBe(true);
  expect(sent('same-site', 'cors')).toBe(true);
  expect(sent('cross-site', 'navigate')).toBe(false);
  expect(sent('none', 'navigate')).toBe(false);
  expect(sent('same-origin', 'cors')).toBe(false);
  expect(sent(undefined, 'cors')).toBe(false);
});
