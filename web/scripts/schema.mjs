// `node scripts/schema.mjs OPENAPI ASYNCAPI`: writes the server's types, out of the two documents that it prints.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';

const [openapi, asyncapi] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));

await write('schema', openapi);
await write('messages', describeChannels(asyncapi));

async function write(name, document) {
  // A member with a default may be left out of an input.
  const types = await openapiTS(document, { defaultNonNullable: false });
  writeFileSync(new URL(`../src/api/${name}.d.ts`, import.meta.url), COMMENT_HEADER + astToString(types));
}

/** The schemas of an AsyncAPI document as an OpenAPI one, and `Channels`: the messages and the snapshot of each namespace. */
function describeChannels({ info, channels, components }) {
  const resolve = (node) => ('$ref' in node ? resolve(components.messages[node.$ref.split('/').at(-1)]) : node);
  const describe = ({ description, messages: { snapshot, ...messages } }) => {
    const oneOf = Object.values(messages).map((message) => resolve(message).payload);
    const properties = { message: { oneOf }, snapshot: snapshot ? resolve(snapshot).payload : { type: 'null' } };
    return { description, type: 'object', required: ['message', 'snapshot'], properties };
  };
  const properties = Object.fromEntries(Object.entries(channels).map(([name, channel]) => [name, describe(channel)]));
  const Channels = { type: 'object', required: Object.keys(properties), properties };
  return { openapi: '3.1.0', info, paths: {}, components: { schemas: { ...components.schemas, Channels } } };
}
