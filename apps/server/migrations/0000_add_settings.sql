CREATE TABLE "settings_revisions" (
	"id" integer PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"who" text NOT NULL,
	"why" text NOT NULL,
	"changes" jsonb NOT NULL,
	"overrides" jsonb NOT NULL,
	"rollback_to" integer
);
