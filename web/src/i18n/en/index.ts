import { errors } from '@catalogue/en.json';
import { sentences } from '../catalogue';
import app from './app.json';
import common from './common.json';
import own from './errors.json';
import landing from './landing.json';
import orders from './orders.json';

export default { app, common, landing, orders, errors: sentences(errors, own) };
