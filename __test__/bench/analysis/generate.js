'use strict';
// Writes a pair of realistic snapshots: node generate.js <scale> <directory> <name>
// Scale 1 is about 50 MB of file, 7 about 300 MB, 34 about 1.5 GB. Between the two the heap grows by 5 %.
const fs = require('fs');
const path = require('path');
const v8 = require('v8');
const inspector = require('inspector');

const [scale, directory, name] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
try { require('typescript'); } catch { /* measured with it where it is installed */ }

class User { constructor(id) { this.id = id; this.name = 'user ' + id; this.tags = ['a' + (id % 97), 'b']; this.profile = { age: id % 90, city: 'city' + (id % 1000) }; } }
class Order { constructor(id, user) { this.id = id; this.user = user; this.lines = [{ sku: 's' + (id % 5000), n: id % 7 }, { sku: 't', n: 1 }]; this.total = id * 1.5; } }

const store = { users: new Map(), orders: [], handlers: [], byCity: {}, pending: new Set(), index: new Map(), texts: [] };
function add(from, to) {
  for (let i = from; i < to; i++) {
    const user = new User(i);
    store.users.set('u' + i, user);
    const order = new Order(i, user);
    store.orders.push(order);
    store.handlers.push(() => order.total + i);
    (store.byCity['city' + (i % 1000)] ||= []).push(user);
    if (i % 3 === 0) store.pending.add(new Promise((resolve) => store.handlers.push(resolve)).then(() => order));
    if (i % 5 === 0) store.texts.push('text ' + i + ' '.repeat(i % 40) + Math.sqrt(i));
    if (i % 7 === 0) store.index.set(user, new Date(i));
  }
}
// Without tables of line ends V8 scans each script once per object.
const session = new inspector.Session();
session.connect();
session.post('Debugger.enable');
session.post('Debugger.disable');
session.disconnect();

const base = Math.round(26000 * scale);
add(0, base);
fs.mkdirSync(directory, { recursive: true });
v8.writeHeapSnapshot(path.join(directory, `${name}-1.heapsnapshot`));
add(base, Math.round(base * 1.05));
v8.writeHeapSnapshot(path.join(directory, `${name}-2.heapsnapshot`));
