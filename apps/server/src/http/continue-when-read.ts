import type { Server } from 'node:http';

/**
 * Answers `Expect: 100-continue` when somebody begins to read the body. By default Node tells every client to go on at once, also one whose
 * request is about to be refused; without that, such a client sends nothing (RFC 9110 section 10.1.1).
 */
export function continueWhenRead(server: Server): void {
  server.on('checkContinue', (request, response) => {
    // What reads a stream resumes it. A response that is out has no use for more of the request, and Node then drops the body.
    request.once('resume', () => {
      if (!response.headersSent) response.writeContinue();
    });
    server.emit('request', request, response);
  });
}
