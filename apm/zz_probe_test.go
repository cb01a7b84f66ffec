package apm_test
import ("testing";"net";"net/http";"net/http/httptest";"bytes";"log/slog";"context";"time";"github.com/daybook-apm/daybook/apm")
func TestProbe(t *testing.T){
 l,_:=net.Listen("tcp","127.0.0.1:0")
 go func(){ for { c,err:=l.Accept(); if err!=nil {return}; c.Write([]byte{0,0,6,4,0,0,0,0,0,0,5,0,0,0x40,0}); go func(){ b:=make([]byte,4096); c.Read(b); time.Sleep(100*time.Millisecond); c.Close()}() } }()
 srv:=httptest.NewServer(http.NotFoundHandler()); unauth:=httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,_ *http.Request){w.WriteHeader(401)}))
 tls:=httptest.NewTLSServer(http.NotFoundHandler())
 for _,u:=range []string{"http://"+l.Addr().String(), srv.URL, unauth.URL, tls.URL, "http://127.0.0.1:1","http://nowhere.invalid:4318", "http"+tls.URL[5:], "https"+srv.URL[4:]} {
  t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT",u); t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT","300")
  var log bytes.Buffer
  a,err:=apm.Start(t.Context(),apm.WithLogger(slog.New(slog.NewTextHandler(&log,nil)))); if err!=nil{t.Log(err);continue}
  run(context.Background()); c,f:=context.WithTimeout(t.Context(),800*time.Millisecond); a.Shutdown(c); f()
  t.Log(log.String())
 }
}
