// Compiled by types.test.js with the real packages: what they export is what leakwatch's types take.
import client = require('prom-client');
import api = require('@opentelemetry/api');
import sdk = require('@opentelemetry/sdk-metrics');
import prometheus = require('../../prometheus');
import opentelemetry = require('../../opentelemetry');

prometheus.exportMetrics({ client, registry: new client.Registry() });
prometheus.exportMetrics({ registry: new client.AggregatorRegistry() });
opentelemetry.exportMetrics({ api, meterProvider: new sdk.MeterProvider(), appVersion: '1.0.0' });
// @ts-expect-error a registry is no client
prometheus.exportMetrics({ client: new client.Registry() });
