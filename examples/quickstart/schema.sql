CREATE TABLE users (
	id        INTEGER PRIMARY KEY,
	lang      TEXT    NOT NULL,
	fcm_token TEXT    NOT NULL,
	dungdung  INTEGER NOT NULL -- the community's own currency
);

CREATE TABLE photos (
	id        INTEGER PRIMARY KEY,
	title     TEXT    NOT NULL,
	downloads INTEGER NOT NULL
);

CREATE TABLE download_history (
	id            INTEGER PRIMARY KEY,
	user_id       INTEGER NOT NULL,
	photo_id      INTEGER NOT NULL,
	downloaded_at INTEGER NOT NULL
);

CREATE TABLE confirm_info (
	id           INTEGER PRIMARY KEY,
	user_id      INTEGER NOT NULL,
	photo_id     INTEGER NOT NULL,
	confirmed_at INTEGER NOT NULL
);
CREATE INDEX confirm_info_user ON confirm_info (user_id);

-- No index begins with photo_id: counting the likes of one photo reads the whole table. That is the slow statement.
CREATE TABLE like_history (
	user_id  INTEGER NOT NULL,
	photo_id INTEGER NOT NULL,
	liked_at INTEGER NOT NULL,
	PRIMARY KEY (user_id, photo_id)
);

CREATE TABLE votes (
	id    INTEGER PRIMARY KEY,
	lang  TEXT    NOT NULL,
	title TEXT    NOT NULL,
	live  INTEGER NOT NULL
);

CREATE TABLE vote_choices (
	vote_id INTEGER NOT NULL,
	artist  TEXT    NOT NULL,
	votes   INTEGER NOT NULL,
	PRIMARY KEY (vote_id, artist)
);
