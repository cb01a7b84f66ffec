package main

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// How much is seeded. Their product is the number of likes, all of which are read to count those of one photo: it
// decides how slow AddLikeHistory is, some 30 ms here. Likes are replaced, never added, so that it stays that slow.
const (
	users  = 2000
	photos = 200
)

// maxConns bounds the connection pool: more would only wait for SQLite's one writer.
const maxConns = 8

// maxConfirmed bounds the list of a user's confirmed photos.
const maxConfirmed = 30

//go:embed schema.sql
var schema string

// seeds fill the tables in this order; each is given users and photos as its parameters.
var seeds = []string{
	`WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?1)
	INSERT INTO users SELECT id, iif(id % 4, 'ko', 'en'), '', id % 500 FROM n`,
	`WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?2)
	INSERT INTO photos SELECT id, 'Photo ' || id, 0 FROM n`,
	`INSERT INTO like_history SELECT users.id, photos.id, 0 FROM users, photos`,
	`INSERT INTO confirm_info (user_id, photo_id, confirmed_at) SELECT users.id, photos.id, 0 FROM users, photos WHERE photos.id <= 10`,
	`INSERT INTO votes VALUES (1, 'ko', '이번 주의 노래', 1), (2, 'en', 'Song of the week', 1)`,
	`WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 20)
	INSERT INTO vote_choices SELECT votes.id, 'Artist ' || n.id, n.id * 37 % 101 FROM votes, n`,
}

// dataSource names the database file: readers beside one writer (WAL), and writers that wait up to 5 s for each other.
func dataSource(file string) string {
	u := url.URL{
		Scheme:   "file",
		Path:     file,
		RawQuery: "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)",
	}
	return u.String()
}

// seed creates the database as it is after some time in production. It uses the bare driver: nobody watches yet.
func seed(ctx context.Context, dsn string) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("create tables: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, insert := range seeds {
		if _, err := tx.ExecContext(ctx, insert, users, photos); err != nil {
			return fmt.Errorf("%s: %w", insert, err)
		}
	}
	return tx.Commit()
}

// store is the community's database.
type store struct {
	db *sql.DB
}

func newStore(db *sql.DB) *store {
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	return &store{db: db}
}

// addDownload notes that user downloaded photo, and counts it.
func (s *store) addDownload(ctx context.Context, user, photo int64) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// The insert comes first: it takes the write lock, so that the transaction waits before it has read anything.
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO download_history (user_id, photo_id, downloaded_at) VALUES (?, ?, ?)`,
		user, photo, time.Now().Unix()); err != nil {
		return err
	}
	counted, err := tx.ExecContext(ctx, `UPDATE photos SET downloads = downloads + 1 WHERE id = ?`, photo)
	if err != nil {
		return err
	}
	if err := found(counted); err != nil {
		return err
	}
	return tx.Commit()
}

// addConfirm notes that user confirmed photo, if there is such a photo.
func (s *store) addConfirm(ctx context.Context, user, photo int64) error {
	var title string
	if err := s.db.QueryRowContext(ctx, `SELECT title FROM photos WHERE id = ?`, photo).Scan(&title); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx,
		`INSERT INTO confirm_info (user_id, photo_id, confirmed_at) VALUES (?, ?, ?)`,
		user, photo, time.Now().Unix())
	return err
}

// addLike notes that user likes photo, and returns how many do.
func (s *store) addLike(ctx context.Context, user, photo int64) (int64, error) {
	if _, err := s.db.ExecContext(ctx,
		`INSERT INTO like_history (user_id, photo_id, liked_at) VALUES (?, ?, ?)
		ON CONFLICT (user_id, photo_id) DO UPDATE SET liked_at = excluded.liked_at`,
		user, photo, time.Now().Unix()); err != nil {
		return 0, err
	}
	var likes int64
	err := s.db.QueryRowContext(ctx, `SELECT count(liked_at) FROM like_history WHERE photo_id = ?`, photo).Scan(&likes)
	return likes, err
}

// photo is one that a user has confirmed.
type photo struct {
	ID          int64  `json:"id"`
	Title       string `json:"title"`
	ConfirmedAt int64  `json:"confirmed_at"`
}

// confirmedPhotos returns the photos that user confirmed last, the newest first.
func (s *store) confirmedPhotos(ctx context.Context, user int64) ([]photo, error) {
	rows, err := s.db.QueryContext(ctx,
		`SELECT photos.id, photos.title, confirm_info.confirmed_at
		FROM confirm_info JOIN photos ON photos.id = confirm_info.photo_id
		WHERE confirm_info.user_id = ? ORDER BY confirm_info.id DESC LIMIT ?`,
		user, maxConfirmed)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []photo
	for rows.Next() {
		var p photo
		if err := rows.Scan(&p.ID, &p.Title, &p.ConfirmedAt); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// vote is what fans can vote on now.
type vote struct {
	ID      int64    `json:"id"`
	Title   string   `json:"title"`
	Choices []choice `json:"choices"`
}

type choice struct {
	Artist string `json:"artist"`
	Votes  int64  `json:"votes"`
}

// liveVote returns the vote that is live for fans who speak lang.
func (s *store) liveVote(ctx context.Context, lang string) (*vote, error) {
	var v vote
	if err := s.db.QueryRowContext(ctx,
		`SELECT id, title FROM votes WHERE lang = ? AND live = 1 LIMIT 1`, lang).Scan(&v.ID, &v.Title); err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, `SELECT artist, votes FROM vote_choices WHERE vote_id = ? ORDER BY votes DESC`, v.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c choice
		if err := rows.Scan(&c.Artist, &c.Votes); err != nil {
			return nil, err
		}
		v.Choices = append(v.Choices, c)
	}
	return &v, rows.Err()
}

// dungdung returns how much of the community's currency user has.
func (s *store) dungdung(ctx context.Context, user int64) (int64, error) {
	var amount int64
	err := s.db.QueryRowContext(ctx, `SELECT dungdung FROM users WHERE id = ?`, user).Scan(&amount)
	return amount, err
}

// lang returns the language that user has chosen.
func (s *store) lang(ctx context.Context, user int64) (string, error) {
	var lang string
	err := s.db.QueryRowContext(ctx, `SELECT lang FROM users WHERE id = ?`, user).Scan(&lang)
	return lang, err
}

// setFCMToken keeps the token under which user's phone can be notified.
func (s *store) setFCMToken(ctx context.Context, user int64, token string) error {
	set, err := s.db.ExecContext(ctx, `UPDATE users SET fcm_token = ? WHERE id = ?`, token, user)
	if err != nil {
		return err
	}
	return found(set)
}

// setLang keeps the language that user has chosen.
func (s *store) setLang(ctx context.Context, user int64, lang string) error {
	set, err := s.db.ExecContext(ctx, `UPDATE users SET lang = ? WHERE id = ?`, lang, user)
	if err != nil {
		return err
	}
	return found(set)
}

// found returns [sql.ErrNoRows] if an update met no row.
func found(updated sql.Result) error {
	n, err := updated.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return sql.ErrNoRows
	}
	return nil
}
