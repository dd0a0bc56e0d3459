import { flag, integer, optionalSecret, section } from '../keys.ts';

/** Where Ferry keeps what must survive it. */
export const databaseSection = section({
  url: optionalSecret({
    about:
      'A PostgreSQL, as `postgres://user:password@host/name`. Absent: what `DATABASE_URL` says, else the embedded one.',
  }),
  embedded: flag(true, {
    about:
      'Whether Ferry runs a PostgreSQL of its own in `server.data_dir` when no other is named. `false`: without a database, what needs one is answered 503.',
  }),
  pool_size: integer(1, 100, 10, {
    about: 'Connections to the database at once, besides one for notifications.',
  }),
});
