'use strict';
// NestJS with leakwatch. Written without TypeScript, so that it runs as it
// stands: a decorator is a function that is called with what stands below it.
//
//   npm install && npm start
//   curl http://127.0.0.1:3000/health

require('reflect-metadata');
const { Controller, Get, HttpException, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { health } = require('../health');

/** `@Get(path)` above a method. */
function route(type, name, path) {
  Get(path)(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
}

class AppController {
  hello() {
    return { hello: 'world' };
  }

  health() {
    const { code, body } = health();
    if (code !== 200) throw new HttpException(body, code);
    return body;
  }
}
Controller()(AppController);
route(AppController, 'hello', '/');
route(AppController, 'health', '/health');

class AppModule {}
Module({ controllers: [AppController] })(AppModule);

async function main() {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  await app.listen(process.env.PORT || 3000, '127.0.0.1');
  console.log(`listening on http://127.0.0.1:${app.getHttpServer().address().port}`);
}

main();
