package bridge

import (
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// instrument is one metric that the bridge produces. docs/telemetry.md says more about each.
type instrument struct {
	name, description, unit string
}

// The instruments. Names and units are those of the conventions, else under apm.
var (
	serverDuration = instrument{"http.server.request.duration", "Duration of HTTP server requests.", "s"}
	serverActive   = instrument{"http.server.active_requests", "Number of active HTTP server requests.", "{request}"}
	clientDuration = instrument{"http.client.request.duration", "Duration of HTTP client requests.", "s"}
	dbDuration     = instrument{"db.client.operation.duration", "Duration of database client operations.", "s"}

	poolCount        = instrument{"db.client.connection.count", "Connections that are in the state described by the state attribute.", "{connection}"}
	poolMax          = instrument{"db.client.connection.max", "The maximum number of open connections allowed; 0 means no limit.", "{connection}"}
	poolWaits        = instrument{"db.client.connection.wait_count", "How often a connection had to be waited for.", "{wait}"}
	poolWaitDuration = instrument{"db.client.connection.wait_duration", "Time waited for connections.", "s"}

	transactionTime     = instrument{"apm.transaction.time", "Time of transactions by phase. The phases add up to the duration.", "s"}
	transactionCalls    = instrument{"apm.transaction.calls", "Statements, external calls and segments of transactions.", "{call}"}
	transactionSlow     = instrument{"apm.transaction.slow", "Transactions slower than the threshold.", "{transaction}"}
	transactionMax      = instrument{"apm.transaction.duration.max", "The longest transaction of the interval.", "s"}
	transactionActive   = instrument{"apm.transaction.active", "Transactions that run now, by how long they have been running.", "{transaction}"}
	transactionRepeated = instrument{"apm.transaction.repeated", "Transactions in which a statement ran ten times or more.", "{transaction}"}
	segmentTime         = instrument{"apm.segment.time", "Exclusive time of named segments.", "s"}
	segmentCalls        = instrument{"apm.segment.calls", "Named segments.", "{call}"}
	statementTime       = instrument{"apm.statement.time", "Time of statements, executing and reading rows.", "s"}
	statementCalls      = instrument{"apm.statement.calls", "Calls of statements.", "{call}"}
	remoteTime          = instrument{"apm.remote.time", "Time of calls to other services.", "s"}
	remoteCalls         = instrument{"apm.remote.calls", "Calls to other services.", "{call}"}
	errorCount          = instrument{"apm.error.count", "Errors, whether or not the transaction failed by them.", "{error}"}
	userActive          = instrument{"apm.user.active", "Estimated number of distinct users of the last five minutes.", "{user}"}

	agentOverflowed     = instrument{"apm.agent.overflowed", "Postings that went to an overflow account because a list was full.", "{posting}"}
	agentUnattributed   = instrument{"apm.agent.unattributed", "Calls that had no transaction.", "{call}"}
	agentDropped        = instrument{"apm.agent.dropped", "Spans that were dropped because the queue was full.", "{span}"}
	agentExportFailures = instrument{"apm.agent.export.failures", "Exports that failed.", "{export}"}
)

func (i instrument) metrics(data metricdata.Aggregation) metricdata.Metrics {
	return metricdata.Metrics{Name: i.name, Description: i.description, Unit: i.unit, Data: data}
}
