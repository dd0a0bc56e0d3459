CREATE TABLE "call_history" (
	"id" text PRIMARY KEY NOT NULL,
	"operation" text NOT NULL,
	"request_id" text NOT NULL,
	"provider" text NOT NULL,
	"filename" text,
	"model" text,
	"reuse_session" boolean NOT NULL,
	"outcome" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone NOT NULL,
	"duration_ms" double precision NOT NULL,
	"upstream_ms" double precision NOT NULL,
	"bytes" bigint NOT NULL,
	"attempts" jsonb NOT NULL,
	"error_code" text,
	"error_message" text
);
--> statement-breakpoint
CREATE TABLE "upload_minutes" (
	"minute" timestamp with time zone PRIMARY KEY NOT NULL,
	"ok" integer NOT NULL,
	"failed" integer NOT NULL,
	"retries" integer NOT NULL,
	"h2_attempts" integer NOT NULL,
	"h2_errors" integer NOT NULL,
	"durations" integer[] NOT NULL
);
--> statement-breakpoint
CREATE INDEX "call_history_started" ON "call_history" USING btree ("operation","started_at","id");--> statement-breakpoint
CREATE INDEX "call_history_outcome" ON "call_history" USING btree ("operation","outcome","started_at","id");--> statement-breakpoint
CREATE INDEX "call_history_age" ON "call_history" USING btree ("started_at");