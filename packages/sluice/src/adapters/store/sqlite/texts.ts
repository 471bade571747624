/**
 * Everything that is said to SQLite. Made from `schema.ts`, `read-statements.ts` and `write-statements.ts` by
 * `node packages/sluice/test/store/write-texts.ts`; a test fails when it is not what they say.
 */
import type { SqliteTexts } from './messages.ts'

/** The compiled schema and statements. */
export const sqliteTexts: SqliteTexts = {
  write: {
    lease: {
      text: 'select "owner", "epoch" from "lease" where "scope" = ?',
      parameters: ['scope'],
    },
    takeLease: {
      text: 'insert into "lease" ("scope", "epoch", "owner", "at") values (?, ?, ?, ?) on conflict ("scope") do update set "epoch" = ?, "owner" = ?, "at" = ?',
      parameters: ['scope', 'epoch', 'owner', 'at', 'epoch', 'owner', 'at'],
    },
    version: {
      text: 'select "version" from "aggregate" where "kind" = ? and "id" = ?',
      parameters: ['kind', 'id'],
    },
    insertAggregate: {
      text: 'insert into "aggregate" ("kind", "id", "version", "machine_version", "state", "state_version", "settled", "next_at", "claims", "updated_at") values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)',
      parameters: ['kind', 'id', 'version', 'machine_version', 'state', 'version', 'settled', 'next_at', 'updated_at'],
    },
    updateAggregate: {
      text: 'update "aggregate" set "version" = ?, "settled" = ?, "next_at" = ?, "claims" = 0, "updated_at" = case when "kind" = \'release\' then "updated_at" else ? end, "machine_version" = ?, "state" = ?, "state_version" = ? where "kind" = ? and "id" = ? and "version" = ?',
      parameters: [
        'version',
        'settled',
        'next_at',
        'updated_at',
        'machine_version',
        'state',
        'version',
        'kind',
        'id',
        'expected',
      ],
    },
    advanceAggregate: {
      text: 'update "aggregate" set "version" = ?, "settled" = ?, "next_at" = ?, "claims" = 0, "updated_at" = case when "kind" = \'release\' then "updated_at" else ? end where "kind" = ? and "id" = ? and "version" = ?',
      parameters: ['version', 'settled', 'next_at', 'updated_at', 'kind', 'id', 'expected'],
    },
    keepSummary: {
      text: 'insert into "summary" ("kind", "id", "text") values (?, ?, ?) on conflict ("kind", "id") do update set "text" = ?',
      parameters: ['kind', 'id', 'text', 'text'],
    },
    claim: {
      text: 'update "aggregate" set "claims" = "claims" + 1 where "kind" = ? and "id" = ? returning "claims"',
      parameters: ['kind', 'id'],
    },
    forgetSummaries: {
      text: 'delete from "summary" where "kind" = ? and "id" in (select "id" from "aggregate" where "kind" = ? and "updated_at" < ? and "settled" = 1 order by "updated_at", "id" limit ?)',
      parameters: ['kind', 'kind', 'before', 'limit'],
    },
    forgetAggregates: {
      text: 'delete from "aggregate" where "kind" = ? and "id" in (select "id" from "aggregate" where "kind" = ? and "updated_at" < ? and "settled" = 1 order by "updated_at", "id" limit ?)',
      parameters: ['kind', 'kind', 'before', 'limit'],
    },
    pruneUntil: {
      text: 'insert into "meta" ("name", "value") values (\'pruned\', ?) on conflict ("name") do update set "value" = ? where cast("meta"."value" as integer) < ?',
      parameters: ['until', 'until', 'until_number'],
    },
    prune: {
      text: 'update "ledger" set "text" = \'\' where "seq" > ? and "seq" <= ? and "text" <> \'\' and not exists (select 1 as "one" from "aggregate" where "aggregate"."kind" = "ledger"."kind" and "aggregate"."id" = "ledger"."id" and "aggregate"."settled" = 0)',
      parameters: ['after', 'until'],
    },
    keepTree: {
      text: 'insert into "tree" ("level", "place", "hash") values (?, ?, ?)',
      parameters: ['level', 'place', 'hash'],
    },
    appendLedger: {
      text: 'insert into "ledger" ("seq", "kind", "id", "version", "type", "form", "at", "text", "previous_hash", "hash") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      parameters: ['seq', 'kind', 'id', 'version', 'type', 'form', 'at', 'text', 'previous_hash', 'hash'],
    },
    head: {
      text: 'select "seq", "hash" from "ledger" order by "seq" desc limit 1',
      parameters: [],
    },
    treeHashes: {
      text: 'select "hash" from "tree" where "level" = ? and "place" >= ? order by "place" limit ?',
      parameters: ['level', 'place', 'count'],
    },
    leafHashes: {
      text: 'select "hash" from "ledger" where "seq" > ? order by "seq" limit ?',
      parameters: ['after', 'count'],
    },
    newestTree: {
      text: 'select "place" from "tree" where "level" = 1 order by "place" desc limit 1',
      parameters: [],
    },
    keepEffect: {
      text: 'insert into "effect" ("aggregate_kind", "aggregate_id", "key", "kind", "fence_token", "fence_sequence", "status", "at") values (?, ?, ?, ?, ?, ?, \'intent\', ?) on conflict ("aggregate_kind", "aggregate_id", "key") do update set "kind" = ?, "fence_token" = ?, "fence_sequence" = ?, "status" = \'intent\', "at" = ?',
      parameters: [
        'aggregate_kind',
        'aggregate_id',
        'key',
        'kind',
        'fence_token',
        'fence_sequence',
        'at',
        'kind',
        'fence_token',
        'fence_sequence',
        'at',
      ],
    },
    finishEffect: {
      text: 'update "effect" set "status" = \'finished\' where "aggregate_kind" = ? and "aggregate_id" = ? and "key" = ?',
      parameters: ['aggregate_kind', 'aggregate_id', 'key'],
    },
    forgetEffects: {
      text: 'delete from "effect" where "aggregate_kind" = ? and "aggregate_id" = ?',
      parameters: ['aggregate_kind', 'aggregate_id'],
    },
    hasRequest: {
      text: 'select "key" from "request" where "key" = ?',
      parameters: ['key'],
    },
    keepRequest: {
      text: 'insert into "request" ("key", "digest", "answer", "at") values (?, ?, ?, ?)',
      parameters: ['key', 'digest', 'answer', 'at'],
    },
    forgetRequests: {
      text: 'delete from "request" where "at" < ?',
      parameters: ['before'],
    },
  },
  read: {
    list: {
      text: 'select * from "aggregate" where "kind" = ? and "id" >= ? and "id" < ? order by "updated_at" desc, "id" desc limit ?',
      parameters: ['kind', 'id_from', 'id_before', 'limit'],
    },
    listAfter: {
      text: 'select * from "aggregate" where "kind" = ? and "id" >= ? and "id" < ? and ("updated_at" < ? or ("updated_at" = ? and "id" < ?)) order by "updated_at" desc, "id" desc limit ?',
      parameters: ['kind', 'id_from', 'id_before', 'updated_at', 'updated_at', 'id', 'limit'],
    },
    newest: {
      text: 'select * from "aggregate" where "kind" = ? order by "updated_at" desc, "id" desc limit ?',
      parameters: ['kind', 'limit'],
    },
    newestAfter: {
      text: 'select * from "aggregate" where "kind" = ? and ("updated_at" < ? or ("updated_at" = ? and "id" < ?)) order by "updated_at" desc, "id" desc limit ?',
      parameters: ['kind', 'updated_at', 'updated_at', 'id', 'limit'],
    },
    summaries: {
      text: 'select "aggregate"."kind", "aggregate"."id", "aggregate"."updated_at", "summary"."text" from "aggregate" left join "summary" on "summary"."kind" = "aggregate"."kind" and "summary"."id" = "aggregate"."id" where "aggregate"."kind" = ? order by "aggregate"."updated_at" desc, "aggregate"."id" desc limit ?',
      parameters: ['kind', 'limit'],
    },
    summariesAfter: {
      text: 'select "aggregate"."kind", "aggregate"."id", "aggregate"."updated_at", "summary"."text" from "aggregate" left join "summary" on "summary"."kind" = "aggregate"."kind" and "summary"."id" = "aggregate"."id" where "aggregate"."kind" = ? and ("aggregate"."updated_at" < ? or ("aggregate"."updated_at" = ? and "aggregate"."id" < ?)) order by "aggregate"."updated_at" desc, "aggregate"."id" desc limit ?',
      parameters: ['kind', 'updated_at', 'updated_at', 'id', 'limit'],
    },
    head: {
      text: 'select "seq", "hash" from "ledger" order by "seq" desc limit 1',
      parameters: [],
    },
    treeHashes: {
      text: 'select "hash" from "tree" where "level" = ? and "place" >= ? order by "place" limit ?',
      parameters: ['level', 'place', 'count'],
    },
    leafHashes: {
      text: 'select "hash" from "ledger" where "seq" > ? order by "seq" limit ?',
      parameters: ['after', 'count'],
    },
    newestTree: {
      text: 'select "place" from "tree" where "level" = 1 order by "place" desc limit 1',
      parameters: [],
    },
    load: {
      text: 'select * from "aggregate" where "kind" = ? and "id" = ?',
      parameters: ['kind', 'id'],
    },
    open: {
      text: 'select * from "aggregate" where "settled" = 0 and "kind" = ? and "machine_version" <= ? order by "id"',
      parameters: ['kind', 'machine_version'],
    },
    ledger: {
      text: 'select * from "ledger" where "seq" > ? order by "seq" limit ?',
      parameters: ['after', 'limit'],
    },
    ledgerHead: {
      text: 'select "seq" from "ledger" order by "seq" desc limit 1',
      parameters: [],
    },
    ledgerOf: {
      text: 'select * from "ledger" where "seq" > ? and "kind" = ? and "id" = ? order by "seq" limit ?',
      parameters: ['after', 'kind', 'id', 'limit'],
    },
    since: {
      text: 'select * from "ledger" where "kind" = ? and "id" = ? and "version" > ? order by "version"',
      parameters: ['kind', 'id', 'version'],
    },
    rowsOf: {
      text: 'select * from "ledger" where "seq" > ? and "seq" <= ? and +"kind" in (?, ?, ?, ?) order by "seq"',
      parameters: ['after', 'until', 'kind_1', 'kind_2', 'kind_3', 'kind_4'],
    },
    effects: {
      text: 'select * from "effect" where "aggregate_kind" = ? and "aggregate_id" = ? order by "key"',
      parameters: ['aggregate_kind', 'aggregate_id'],
    },
    request: {
      text: 'select * from "request" where "key" = ?',
      parameters: ['key'],
    },
  },
  schema: [
    {
      version: 1,
      statements: [
        'create table "meta" ("name" text not null, "value" text not null, constraint "meta_key" primary key ("name"))',
        'create table "lease" ("scope" text not null, "owner" text not null, "epoch" integer not null, "at" integer not null, constraint "lease_key" primary key ("scope"))',
        'create table "aggregate" ("kind" text not null, "id" text not null, "state" text not null, "version" integer not null, "machine_version" integer not null, "settled" integer not null, "next_at" integer, "claims" integer not null, "updated_at" integer not null, constraint "aggregate_key" primary key ("kind", "id"))',
        'create index "aggregate_open" on "aggregate" ("settled", "kind", "id")',
        'create index "aggregate_newest" on "aggregate" ("kind", "updated_at", "id")',
        'create table "ledger" ("kind" text not null, "id" text not null, "type" text not null, "text" text not null, "previous_hash" text not null, "hash" text not null, "seq" integer not null, "version" integer not null, "form" integer not null, "at" integer not null, constraint "ledger_key" primary key ("seq"))',
        'create unique index "ledger_aggregate" on "ledger" ("kind", "id", "version")',
        'create table "effect" ("aggregate_kind" text not null, "aggregate_id" text not null, "key" text not null, "kind" text not null, "status" text not null, "fence_token" integer not null, "fence_sequence" integer not null, "at" integer not null, constraint "effect_key" primary key ("aggregate_kind", "aggregate_id", "key"))',
        'create table "request" ("key" text not null, "digest" text not null, "answer" text not null, "at" integer not null, constraint "request_key" primary key ("key"))',
        'create index "request_at" on "request" ("at")',
        "create trigger ledger_kept before update on ledger begin select raise(abort, 'the ledger is append-only'); end",
        "create trigger ledger_whole before delete on ledger begin select raise(abort, 'the ledger is append-only'); end",
        "create trigger ledger_onward before insert on ledger when\n      new.seq <= (select max(seq) from ledger)\n      or exists (select 1 from ledger where kind = new.kind and id = new.id and version = new.version)\n      begin select raise(abort, 'the ledger is append-only'); end",
      ],
    },
    {
      version: 2,
      statements: [
        'alter table "aggregate" add column "state_version" integer default 0 not null',
        'update "aggregate" set "state_version" = "version"',
      ],
    },
    {
      version: 3,
      statements: [
        'create table "summary" ("kind" text not null, "id" text not null, "text" text not null, constraint "summary_key" primary key ("kind", "id"))',
      ],
    },
    {
      version: 4,
      statements: [
        'create table "tree" ("level" integer not null, "place" integer not null, "hash" text not null, constraint "tree_key" primary key ("level", "place"))',
        'drop trigger ledger_kept',
        "create trigger ledger_kept before update on ledger when\n      new.text <> '' or new.seq <> old.seq or new.kind <> old.kind or new.id <> old.id or new.version <> old.version\n      or new.type <> old.type or new.form <> old.form or new.at <> old.at\n      or new.previous_hash <> old.previous_hash or new.hash <> old.hash\n      or new.seq > coalesce((select cast(value as integer) from meta where name = 'pruned'), 0)\n      begin select raise(abort, 'the ledger is append-only'); end",
      ],
    },
  ],
}
