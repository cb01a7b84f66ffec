package frameworks_test

import (
	"net/http"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/sqltrace"
)

// record is a row of each table.
type record struct{ ID, Amount int }

// newGorm returns a service that works through gorm, with the request's context or, as is easily forgotten, without.
func newGorm(t *testing.T, orm *gorm.DB, withContext bool) http.Handler {
	mux := http.NewServeMux()
	for _, name := range names {
		mux.HandleFunc("GET /"+name+"/{id}", func(_ http.ResponseWriter, r *http.Request) {
			orm := orm
			if withContext {
				orm = orm.WithContext(r.Context())
			}
			made := record{Amount: 7}
			if err := orm.Table(name).Create(&made).Error; err != nil {
				t.Error(err)
			}
			var found record
			if err := orm.Table(name).Take(&found, made.ID).Error; err != nil || found != made {
				t.Errorf("found %+v, %v, want %+v", found, err, made)
			}
			if err := orm.Transaction(func(tx *gorm.DB) error {
				return tx.Table(name).Where("id = ?", made.ID).Update("amount", 8).Error
			}); err != nil {
				t.Error(err)
			}
		})
	}
	return mux
}

var gormWork = work{
	route: "GET /{name}/{id}",
	statements: []string{
		"INSERT INTO `{name}` (`amount`) VALUES (?) RETURNING `id`",
		"SELECT * FROM `{name}` WHERE `{name}`.`id` = ? LIMIT ?",
		"UPDATE `{name}` SET `amount`=? WHERE id = ?",
	},
}

func TestGorm(t *testing.T) {
	// The two ways to have gorm work on an observed database.
	for way, dialector := range map[string]func(*testing.T, backend) gorm.Dialector{
		"registered name": func(t *testing.T, b backend) gorm.Dialector {
			name, err := sqltrace.Register("sqlite")
			if err != nil {
				t.Fatal(err)
			}
			return sqlite.Dialector{DriverName: name, DSN: b.dsn}
		},
		"existing pool": func(_ *testing.T, b backend) gorm.Dialector { return sqlite.Dialector{Conn: b.db} },
	} {
		for _, test := range []struct {
			name        string
			opts        []apm.Option
			withContext bool
			want        map[string]figures
		}{
			{name: "with option", opts: []apm.Option{apm.WithGoroutineLabels()}, want: gormWork.attributed()},
			{name: "without option", want: gormWork.stray()},
			{name: "with context", withContext: true, want: gormWork.attributed()},
		} {
			t.Run(way+"/"+test.name, func(t *testing.T) {
				orm, err := gorm.Open(dialector(t, newBackend(t)), &gorm.Config{Logger: logger.Discard})
				if err != nil {
					t.Fatal(err)
				}
				pool, err := orm.DB()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { pool.Close() })
				pool.SetMaxOpenConns(1) // SQLite has one writer.
				agent := start(t, test.opts...)
				load(t, newGorm(t, orm, test.withContext))
				if diff := cmp.Diff(test.want, accounts(agent)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}
