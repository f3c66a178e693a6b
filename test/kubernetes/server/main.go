// A Kubernetes control plane in one process, for tests: etcd, kube-apiserver, the controllers that Jobs and their pods
// meet, and kube-scheduler, all of them the real ones. There is no kubelet: the tests move pods themselves.
//
// It prints one line of JSON when it serves, and ends when its standard input closes. All state lies in -dir: killed at
// any moment and started again with the same -dir and -port, it goes on, and clients and tokens stay valid.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

const readyWithin = 90 * time.Second // two to five seconds on a busy machine of two cores

type settings struct {
	dir           string
	port          int
	token         string
	authorization string
}

// announcement is the line that the tests read.
type announcement struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	CA    string `json:"ca"`
	Ready int64  `json:"readyMs"`
}

func check(doing string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "control plane: cannot %s: %v\n", doing, err)
		os.Exit(1)
	}
}

func readSettings() settings {
	var s settings
	flag.StringVar(&s.dir, "dir", "", "folder of all state; made when missing")
	flag.IntVar(&s.port, "port", 0, "port on 127.0.0.1; 0 takes a free one")
	flag.StringVar(&s.token, "token", "", "bearer token of an administrator")
	flag.StringVar(&s.authorization, "authorization", "RBAC", "RBAC or AlwaysAllow")
	flag.Parse()
	if s.dir == "" || s.token == "" {
		flag.Usage()
		os.Exit(2)
	}
	check("make its folder", os.MkdirAll(s.dir, 0o700))
	return s
}

func logTo(file string) {
	flags := flag.NewFlagSet("klog", flag.ExitOnError)
	klog.InitFlags(flags)
	check("set up its log", flags.Parse([]string{"-logtostderr=false", "-stderrthreshold=FATAL", "-log_file=" + file, "-v=1"}))
}

// until asks again and again; it ends the process when the API server died or the time is over.
func until(what string, died <-chan error, ok func() bool) {
	for end := time.Now().Add(readyWithin); !ok(); time.Sleep(15 * time.Millisecond) {
		select {
		case err := <-died:
			check("serve", fmt.Errorf("the API server ended: %v", err))
		default:
		}
		if time.Now().After(end) {
			check("get ready", fmt.Errorf("%s is still missing after %s", what, readyWithin))
		}
	}
}

func main() {
	began := time.Now()
	s := readSettings()
	logTo(filepath.Join(s.dir, "log"))
	ctx := context.Background()
	etcd, err := startEtcd(s.dir)
	check("start etcd", err)
	api, err := startAPIServer(ctx, s, etcd)
	check("start the API server", err)

	rc := restclient.CopyConfig(api.loopback)
	rc.QPS, rc.Burst = 500, 1000 // the defaults, 5 and 10, would be what the tests wait for
	client := kubernetes.NewForConfigOrDie(rc)
	until("/readyz", api.died, func() bool {
		var status int
		client.RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status)
		return status == 200
	})
	check("start the controllers", startControllers(ctx, client, rc))
	check("start the scheduler", startScheduler(ctx, client, rc))
	until("the service account of the namespace default", api.died, func() bool {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	})
	ready := announcement{URL: api.url, Token: s.token, CA: api.ca, Ready: time.Since(began).Milliseconds()}
	check("say that it serves", json.NewEncoder(os.Stdout).Encode(ready))

	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case <-closed:
		os.Exit(0) // at once: etcd's own end waits seconds for watches, and its state is safe as it is
	case err := <-api.died:
		check("go on", fmt.Errorf("the API server ended: %v", err))
	}
}
