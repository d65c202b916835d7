/**
 * Entry point for Function Compute's custom runtimes, which have newer versions of Node.js: an HTTP server
 * that hands each event to the same handler (Function Compute help: "Custom runtime specification details").
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { handler } from './index.ts';

const server = createServer(answerEvent);
// The platform bounds requests, and keeps a connection for 15 minutes or more (help: "Principles").
server.keepAliveTimeout = 0;
server.headersTimeout = 0;
server.requestTimeout = 0;
server.listen(Number(process.env.FC_CUSTOM_LISTEN_PORT ?? '9000'), '0.0.0.0');

/** Answers `POST /invoke` with the report or, under status 404, with the error; refuses everything else. */
async function answerEvent(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A caller who comes through an HTTP trigger chooses the path, but not this header.
  if ((request.headers['x-fc-control-path'] ?? request.url) !== '/invoke') {
    return sendResult(response, 404, { errorMessage: 'This function takes events only: POST /invoke.' });
  }
  const context = contextFrom(request.headers);
  // The platform finds the lines of an invocation between these two.
  console.log(`FC Invoke Start RequestId: ${context.requestId}`);
  try {
    const report = await handler(await readBody(request), context);
    console.log(`FC Invoke End RequestId: ${context.requestId}`);
    sendResult(response, 200, report);
  } catch (error) {
    console.log(`FC Invoke End RequestId: ${context.requestId}, Error: Unhandled function error`);
    sendResult(response, 404, toRuntimeError(error));
  }
}

/** The part of a built-in runtime's context that the function reads, from the headers that stand for it. */
function contextFrom(headers: IncomingHttpHeaders) {
  return {
    requestId: String(headers['x-fc-request-id'] ?? ''),
    region: headers['x-fc-region'],
    credentials: {
      accessKeyId: headers['x-fc-access-key-id'],
      accessKeySecret: headers['x-fc-access-key-secret'],
      securityToken: headers['x-fc-security-token'],
    },
    function: { timeout: Number(headers['x-fc-function-timeout']) },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Describes an error as built-in runtimes do, for logs and destinations (help: "Error handling"). */
function toRuntimeError(error: unknown): Record<string, unknown> {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { errorMessage: message, errorType: name, stackTrace: stack.split('\n') };
}

/** The header is what the platform goes by: without it every answer counts as a success. */
function sendResult(response: ServerResponse, status: 200 | 404, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-fc-status': String(status) });
  response.end(JSON.stringify(body));
}
