package bridge

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// endpointSets are the attributes that every endpoint has in each collection. Making a set means sorting, hashing and
// copying it, which was most of a collection; the rest of an endpoint's sets are made anew, since to keep all of them would
// cost more memory than is to spare.
type endpointSets struct {
	own        attribute.Set
	phases     [transaction.Phases]attribute.Set // Empty until the phase has been seen.
	statements []statementSet                    // There are as many as the ledger has statements of the endpoint.
}

type statementSet struct {
	statement *sqltext.Statement
	set       attribute.Set
}

// setsOf returns the sets of an endpoint. There are as many as the ledger has endpoints.
func (p *Producer) setsOf(c *collection, e transaction.Endpoint) *endpointSets {
	s := p.sets[e]
	if s == nil {
		s = &endpointSets{own: c.endpointSet(e)}
		p.sets[e] = s
	}
	return s
}

func (s *endpointSets) phase(c *collection, e transaction.Endpoint, phase int) attribute.Set {
	if s.phases[phase].Len() == 0 {
		s.phases[phase] = c.endpointSet(e, phases[phase])
	}
	return s.phases[phase]
}

func (s *endpointSets) statement(c *collection, e transaction.Endpoint, st *sqltext.Statement) attribute.Set {
	for i := range s.statements {
		if s.statements[i].statement == st {
			return s.statements[i].set
		}
	}
	set := c.endpointSet(e, semconv.StatementIDKey.String(st.ID), semconv.DBQuerySummaryKey.String(st.Summary))
	s.statements = append(slices.Clip(s.statements), statementSet{st, set}) // Few, and soon all: it grows by one.
	return set
}
