/** What no single key can say: rules between keys. Each gives a problem in words, or nothing. */
import { isLoopbackHost } from '../auth/loopback.ts';
import type { Config } from './schema.ts';

export function check(config: Config): string[] {
  return [...checkAddress(config), ...checkApiKeys(config), ...checkModels(config), ...checkAliases(config)];
}

function checkAddress({ server, auth }: Config): string[] {
  if (isLoopbackHost(server.host) || auth.admin_key !== undefined) return [];
  return [
    `server.host: "${server.host}" can be reached from other machines, expected auth.admin_key beside it ` +
      '(such as "env:FERRY_ADMIN_KEY") or a loopback address',
  ];
}

function checkApiKeys({ api_key }: Config): string[] {
  const names = api_key.map(({ name }) => name);
  return names.flatMap((name, i) =>
    names.indexOf(name) === i ? [] : [`api_key[${i}].name: "${name}" is taken, expected a name of its own`],
  );
}

function checkModels({ provider }: Config): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  const servedBy = new Map<string, string>();
  for (const [i, { name, models }] of provider.entries()) {
    if (names.has(name)) problems.push(`provider[${i}].name: "${name}" is taken, expected a name of its own`);
    names.add(name);
    for (const model of new Set(models)) {
      const other = servedBy.get(model);
      if (other !== undefined) {
        problems.push(
          `provider[${i}].models: "${model}" is served by "${other}" already, expected one provider a model`,
        );
      }
      servedBy.set(model, name);
    }
  }
  return problems;
}

function checkAliases({ provider, alias }: Config): string[] {
  // Without a provider the simulator serves; its models are its own business.
  if (provider.length === 0) return [];
  const models = new Set(provider.flatMap(({ models }) => models));
  return Object.entries(alias).flatMap(([name, model]) => {
    if (models.has(name)) return [`alias.${JSON.stringify(name)}: is a model already, expected another name`];
    if (models.has(model)) return [];
    return [`alias.${JSON.stringify(name)}: got "${model}", expected one of ${[...models].join(', ')}`];
  });
}
