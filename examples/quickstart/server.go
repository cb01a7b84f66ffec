package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"

	"github.com/daybook-apm/daybook/apm"
)

// maxBody bounds what a caller may post, in bytes.
const maxBody = 64 << 10

// api is the fan community's HTTP interface.
type api struct {
	store    *store
	identity *identity
}

func (a *api) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/AddDownloadHistory", a.addDownloadHistory)
	mux.HandleFunc("POST /api/v2/AddConfirmInfo", a.addConfirmInfo)
	mux.HandleFunc("POST /api/v2/AddLikeHistory", a.addLikeHistory)
	mux.HandleFunc("GET /api/v2/GetConfirmPhoto/{lang}/{user}", a.getConfirmPhoto)
	mux.HandleFunc("GET /api/v4/GetNowLiveVoteInfo/{lang}/{user}", a.getNowLiveVoteInfo)
	mux.HandleFunc("GET /api/v6/GetHaveDungdung/{user}", a.getHaveDungdung)
	mux.HandleFunc("POST /api/v1/Signin", a.signin)
	mux.HandleFunc("POST /api/v2/SetUserFCMToken", a.setUserFCMToken)
	mux.HandleFunc("POST /api/v1/SetUserLang", a.setUserLang)
	mux.HandleFunc("GET /", a.home)
	mux.HandleFunc("GET /Login", a.login)
	return mux
}

// form is what the app posts; each call reads the fields it needs.
type form struct {
	User  int64  `json:"user"`
	Photo int64  `json:"photo"`
	Lang  string `json:"lang"`
	Token string `json:"token"`
}

func (a *api) addDownloadHistory(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	if err == nil {
		err = a.store.addDownload(r.Context(), f.User, f.Photo)
	}
	reply(w, "added", err)
}

func (a *api) addConfirmInfo(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	if err == nil {
		err = a.store.addConfirm(r.Context(), f.User, f.Photo)
	}
	reply(w, "added", err)
}

func (a *api) addLikeHistory(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	var likes int64
	if err == nil {
		likes, err = a.store.addLike(r.Context(), f.User, f.Photo)
	}
	reply(w, likes, err)
}

func (a *api) getConfirmPhoto(w http.ResponseWriter, r *http.Request) {
	user, err := pathUser(r)
	var photos []photo
	if err == nil {
		photos, err = a.store.confirmedPhotos(r.Context(), user)
	}
	reply(w, photos, err)
}

func (a *api) getNowLiveVoteInfo(w http.ResponseWriter, r *http.Request) {
	v, err := a.store.liveVote(r.Context(), r.PathValue("lang"))
	reply(w, v, err)
}

func (a *api) getHaveDungdung(w http.ResponseWriter, r *http.Request) {
	user, err := pathUser(r)
	var dungdung int64
	if err == nil {
		dungdung, err = a.store.dungdung(r.Context(), user)
	}
	reply(w, dungdung, err)
}

func (a *api) signin(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	if err != nil {
		reply(w, nil, err)
		return
	}
	id, err := a.identity.user(r.Context(), f.Token)
	if err != nil {
		reply(w, nil, err)
		return
	}
	lang, err := a.store.lang(r.Context(), id)
	reply(w, form{User: id, Lang: lang}, err)
}

func (a *api) setUserFCMToken(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	if err == nil {
		err = a.store.setFCMToken(r.Context(), f.User, f.Token)
	}
	reply(w, "set", err)
}

func (a *api) setUserLang(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	if err == nil {
		err = a.store.setLang(r.Context(), f.User, f.Lang)
	}
	reply(w, "set", err)
}

func (a *api) home(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	page(w, `<!doctype html><title>Fans</title><h1>Fans</h1><p><a href="/Login">Log in</a>`)
}

func (a *api) login(w http.ResponseWriter, _ *http.Request) {
	page(w, `<!doctype html><title>Log in</title><form method="post" action="/api/v1/Signin"><input name="token"><button>Log in</button></form>`)
}

// errBadRequest wraps what is wrong with what the caller sent.
var errBadRequest = errors.New("bad request")

func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	var f form
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&f); err != nil {
		return form{}, errors.Join(errBadRequest, err)
	}
	countUser(r, f.User)
	return f, nil
}

func pathUser(r *http.Request) (int64, error) {
	user, err := strconv.ParseInt(r.PathValue("user"), 10, 64)
	if err != nil {
		return 0, errors.Join(errBadRequest, err)
	}
	countUser(r, user)
	return user, nil
}

// countUser tells daybook who asks, so that it knows how many there are. It keeps no more than a hash.
func countUser(r *http.Request, user int64) {
	if user > 0 {
		apm.SetUser(r.Context(), strconv.FormatInt(user, 10))
	}
}

// reply writes result as JSON or, if err is not nil, the status that err deserves. It logs nothing:
// that a call failed, and why, is what daybook is there to tell.
func reply(w http.ResponseWriter, result any, err error) {
	if err != nil {
		http.Error(w, err.Error(), status(err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{"result": result}); err != nil {
		log.Printf("quickstart: write reply: %v", err)
	}
}

// status returns the status code of a failed call: whose fault it was, the caller's, the identity provider's or ours.
func status(err error) int {
	var provider *providerError
	switch {
	case errors.Is(err, errBadRequest):
		return http.StatusBadRequest
	case errors.Is(err, sql.ErrNoRows):
		return http.StatusNotFound
	case errors.As(err, &provider) && provider.timeout:
		return http.StatusGatewayTimeout
	case errors.As(err, &provider):
		return http.StatusBadGateway
	default:
		return http.StatusInternalServerError
	}
}

func page(w http.ResponseWriter, html string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if _, err := io.WriteString(w, html); err != nil {
		log.Printf("quickstart: write page: %v", err)
	}
}
