import { defineConfig } from 'drizzle-kit';

// `pnpm --filter @ferry/server run migration NAME` writes the next migration: what the tables in the features' folders say
// that the ones before do not.
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/**/*.tables.ts',
  out: './migrations',
  migrations: { prefix: 'index' },
});
