import { Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audit } from '../audit/audit.ts';
import { actorOf } from '../audit/audit-entry.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { Door } from './door.ts';
import { callerName, identityOf } from './identity.ts';
import { sessionCookie } from './session-cookie.ts';

interface SessionView {
  /** `loopback` where no key is asked for. */
  readonly who: string;
  /** ISO 8601; absent where nobody needs to sign in. */
  readonly expires_at?: string;
}

/** The admin key for a cookie, so that no page has to keep the key. */
@ApiTags('console')
@Controller('api/v1/admin/session')
export class SessionController {
  constructor(
    private readonly door: Door,
    private readonly audit: Audit,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Who is asking' })
  who(@Req() request: FastifyRequest): SessionView {
    return { who: callerName(identityOf(request)) };
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Sign in: with the admin key as bearer, sets a session cookie' })
  async signIn(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const identity = identityOf(request);
    // A session that could be exchanged for the next one would never end for whoever has stolen it.
    if (identity.kind === 'admin' && identity.via === 'session') throw keyRequired();
    const session = this.door.sessions?.issue();
    if (session === undefined) return { who: callerName(identity) };
    reply.header('set-cookie', sessionCookie(request, session));
    await this.audit.note(actorOf(request), { action: 'session.created' });
    return { who: 'admin', expires_at: new Date(session.expiresAt).toISOString() };
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'Sign out: takes the session cookie away' })
  async signOut(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    reply.header('set-cookie', sessionCookie(request, undefined));
    await this.audit.note(actorOf(request), { action: 'session.ended' });
  }
}

function keyRequired(): GatewayError {
  return new GatewayError('To sign in, send the admin key itself: a session is not prolonged.', {
    status: 403,
    type: 'permission_error',
    code: 'admin_key_required',
  });
}
