// Package newrelic instruments the program with New Relic's Go agent, by the wrappers that the agent
// itself has for handlers, SQL connectors and transports. The agent is connected to a fake
// collector in its transport that answers as the real one does, so that it really records.
package newrelic
