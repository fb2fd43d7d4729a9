'use strict';
// Fastify with leakwatch.
//
//   npm install && npm start
//   curl http://127.0.0.1:3000/health

const fastify = require('fastify')();
const { health } = require('../health');

fastify.get('/', async () => ({ hello: 'world' }));

fastify.get('/health', async (request, reply) => {
  const { code, body } = health();
  return reply.code(code).send(body);
});

fastify.listen({ port: Number(process.env.PORT || 3000), host: '127.0.0.1' }).then((address) => {
  console.log(`listening on ${address}`);
});
