// Reads an AsyncAPI document from standard input and prints what a public parser finds wrong with it, a JSON line each.
import { Parser } from "@asyncapi/parser";
import { text } from "node:stream/consumers";

const { document, diagnostics } = await new Parser().parse(await text(process.stdin));
for (const { severity, code, path, message } of diagnostics) {
  console.log(JSON.stringify({ severity: ["error", "warning", "information", "hint"][severity], code, path: path.join("."), message }));
}
if (document) {
  const messages = document.channels().all().map((channel) => [channel.id(), channel.messages().all().map((message) => message.id())]);
  console.log(JSON.stringify({ channels: Object.fromEntries(messages) }));
}
