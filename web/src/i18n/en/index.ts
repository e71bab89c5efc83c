import app from './app.json';
import common from './common.json';
import crew from './crew.json';
import door from './door.json';
import orders from './orders.json';
import refusals from './refusals.json';
import seller from './seller.json';
import staff from './staff.json';

export default { app, common, crew, door, orders, refusals, seller, staff };
