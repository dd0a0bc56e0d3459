import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';

const manifest = findPackageJSON(import.meta.url);
if (manifest === undefined)
  throw new Error('the gateway lies outside of its package: there is no package.json above it');

/** Where the gateway's package.json and migrations are, whichever file this has been bundled into. */
export const PACKAGE_FOLDER: string = dirname(manifest);
