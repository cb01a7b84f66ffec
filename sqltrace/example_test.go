package sqltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log"

	"github.com/daybook-apm/daybook/sqltrace"
)

// store stands for what a service keeps.
type store struct{ db *sql.DB }

// The context of the request is what says to which request a query belongs.
func (s store) names(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name FROM users")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func ExampleOpen() {
	db, err := sqltrace.Open("example", "file:users.db") // Was: sql.Open("example", "file:users.db")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	names, err := store{db}.names(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(names), "users")
	// Output: 2 users
}

func ExampleOpenDB() {
	var connector driver.Connector = fastConn{} // For instance mysql.NewConnector(config).
	db := sqltrace.OpenDB(connector, sqltrace.WithDBSystem("mariadb"), sqltrace.WithDBName("shop"))
	defer db.Close()
	_, err := db.ExecContext(context.Background(), "UPDATE users SET name = 'x'")
	fmt.Println(err)
	// Output: <nil>
}

// Libraries that open a database by the name of its driver are given another name.
func ExampleRegister() {
	name, err := sqltrace.Register("example")
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open(name, "file:users.db") // For instance sqlx.Open or dbx.Open.
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	stop, err := sqltrace.RegisterStats(db)
	if err != nil {
		log.Print(err) // The database works all the same.
	}
	defer stop()
	fmt.Println(name)
	// Output: daybook:example
}

// What only the driver's own connection can do is reached through Raw.
func Example_raw() {
	db := sqltrace.OpenDB(fastConn{})
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		if observed, ok := c.(interface{ Raw() driver.Conn }); ok {
			c = observed.Raw()
		}
		_, own := c.(fastConn) // For instance *stdlib.Conn of pgx.
		fmt.Println(own)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: true
}
