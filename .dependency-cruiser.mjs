// The arrows of the architecture, checked: who may import whom.
/** @param {string} name */
const pkg = (name) => `^packages/${name}/src`;
const isTest = '\\.test\\.tsx?$|/testing/';

/**
 * A package's shipped code may import only the workspace packages named here.
 * @param {string} name
 * @param {string} path
 * @param {string[]} allowed
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const only = (name, path, allowed) => ({
  name,
  severity: 'error',
  from: { path, pathNot: isTest },
  to: { path: '^(packages|apps|bench)/', pathNot: [path, ...allowed] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
const config = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('core-stands-alone', pkg('core'), []),
    {
      name: 'core-has-no-dependency',
      comment: 'core imports nothing outside itself but Node',
      severity: 'error',
      from: { path: pkg('core'), pathNot: isTest },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    only('undici-on-core', pkg('transport-undici'), [pkg('core')]),
    only('http1-on-core', pkg('transport-http1'), [pkg('core')]),
    only('providers-on-core', pkg('providers'), [pkg('core')]),
    only('conformance-on-core-and-simulator', pkg('transport-conformance'), [
      pkg('core'),
      pkg('upstream-sim'),
    ]),
    only('real-peers-test-clients-only', pkg('real-peers'), [
      pkg('core'),
      pkg('transport-undici'),
      pkg('transport-http1'),
      pkg('upstream-sim'),
    ]),
    only('chaos-by-processes', pkg('chaos'), [pkg('upstream-sim'), '^packages/core/src/testing/']),
    only('delivery-tests-clients-only', pkg('delivery'), [
      pkg('core'),
      pkg('providers'),
      pkg('transport-undici'),
      pkg('transport-http1'),
      pkg('upstream-sim'),
    ]),
    only('simulator-stands-alone', pkg('upstream-sim'), []),
    only('console-stands-alone', '^apps/console', []),
    only('server-composes', '^apps/server', [
      pkg('core'),
      pkg('providers'),
      pkg('transport-undici'),
      pkg('transport-http1'),
    ]),
    {
      name: 'pool-knows-no-protocol',
      comment: 'one engine for every protocol: the pool must not know what carries the bytes',
      severity: 'error',
      from: { path: `${pkg('core')}/pool/`, pathNot: isTest },
      to: { path: ['^(node:)?(net|tls|https?|http2)$', `${pkg('core')}/connect/`] },
    },
    {
      name: 'not-to-dev-dep',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src', pathNot: `${isTest}|vite\\.config` },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '/dist/|node_modules/\\.' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@ferry/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
    },
  },
};

export default config;
