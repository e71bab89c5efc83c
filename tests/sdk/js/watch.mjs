// Subscribes to one channel and prints what it hears, a JSON line each, until it heard so many publications.
// node watch.mjs <url> <token> <channel> <count>
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";

const [url, token, channel, count] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const client = new Centrifuge(`${url}/connection/websocket`, { token, websocket: WebSocket, minReconnectDelay: 50, maxReconnectDelay: 500 });
const subscription = client.newSubscription(channel, { recoverable: true });
let heard = 0;
subscription.on("subscribed", (context) =>
  say(context.wasRecovering ? { again: channel, recovered: context.recovered } : { subscribed: channel }));
subscription.on("publication", (context) => {
  say({ offset: context.offset, data: context.data });
  heard += 1;
  if (heard === Number(count)) client.disconnect();
});
subscription.on("unsubscribed", (context) => say({ unsubscribed: context.code }));
client.on("disconnected", (context) => process.exit(heard === Number(count) ? 0 : context.code % 255));
subscription.subscribe();
client.connect();
