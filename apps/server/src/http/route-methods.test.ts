import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { RouteMethods } from './route-methods.ts';

test('a path knows its methods, also through parameters and wildcards', async () => {
  const app = fastify();
  const methods = new RouteMethods();
  methods.watch(app);
  app.get('/images/:name', () => '');
  app.get('/assets/*', () => '');
  app.post('/a.b', () => '');
  await app.ready();
  expect(methods.of('/images/x.png')).toEqual(['GET', 'HEAD']);
  expect(methods.of('/images/x/y')).toEqual([]);
  expect(methods.of('/assets/x/y')).toEqual(['GET', 'HEAD']);
  expect(methods.of('/a.b')).toEqual(['POST']);
  expect(methods.of('/axb')).toEqual([]);
  await app.close();
});
