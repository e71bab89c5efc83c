import app from './app.json';
import common from './common.json';
import door from './landing.json';
import orders from './orders.json';
import refusals from './refusals.json';

export default { app, common, door, orders, refusals };
