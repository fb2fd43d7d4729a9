'use strict';
// Draws the page from the data in it.

const { byId } = require('./dom');

const data = JSON.parse(byId('data').textContent);

require('./overview').show(data);
if (data.diff) require('./suspects').show(data);
if (data.history && data.history.runs.length > 0) require('./history').show(data.history);
if (data.diff || data.summary) {
  require('./classes').show(data);
  require('./tree').show(data);
}
