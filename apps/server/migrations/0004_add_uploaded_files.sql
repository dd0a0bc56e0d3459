CREATE TABLE "uploaded_files" (
	"id" text PRIMARY KEY NOT NULL,
	"caller" text NOT NULL,
	"provider" text NOT NULL,
	"credential" text NOT NULL,
	"file_id" text NOT NULL,
	"file_uri" text NOT NULL,
	"filename" text NOT NULL,
	"bytes" integer NOT NULL,
	"purpose" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"upstream_expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "uploaded_files_caller" ON "uploaded_files" USING btree ("caller","created_at");--> statement-breakpoint
CREATE INDEX "uploaded_files_expires_at" ON "uploaded_files" USING btree ("expires_at");