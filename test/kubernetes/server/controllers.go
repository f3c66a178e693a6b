package main

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/events"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/podgc"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	"k8s.io/kubernetes/pkg/controller/tainteviction"
	"k8s.io/kubernetes/pkg/controller/ttlafterfinished"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

const (
	resync         = 12 * time.Hour  // never, within a test
	podGCPeriod    = 2 * time.Second // 20 s and 40 s in clusters: the tests would wait for it
	collectorSync  = 30 * time.Second
	fewWorkers     = 4
	podGCThreshold = 12500 // the default of kube-controller-manager
)

// startControllers runs those controllers of kube-controller-manager that a Job, its pods and their nodes meet.
func startControllers(ctx context.Context, client kubernetes.Interface, rc *restclient.Config) error {
	objects, err := metadata.NewForConfig(rc)
	if err != nil {
		return err
	}
	shared := informers.NewSharedInformerFactory(client, resync)
	pods, jobs, nodes := shared.Core().V1().Pods(), shared.Batch().V1().Jobs(), shared.Core().V1().Nodes()
	namespaces := shared.Core().V1().Namespaces()
	// Taint eviction finds a node's pods by this index, which must be there before informers start.
	indexed := controller.AddPodNodeNameIndexer(pods.Informer())

	jobController, jobErr := job.NewController(ctx, client, pods, jobs, nil, nil)
	accounts, accountsErr := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx),
		shared.Core().V1().ServiceAccounts(), namespaces, client, serviceaccount.DefaultServiceAccountsControllerOptions())
	eviction, evictionErr := tainteviction.New(ctx, client, pods, nodes, "taint-eviction-controller")
	if err := errors.Join(indexed, jobErr, accountsErr, evictionErr); err != nil {
		return err
	}
	finished := ttlafterfinished.New(ctx, jobs, client)
	podGC := podgc.NewPodGCInternal(ctx, client, pods, nodes, podGCThreshold, podGCPeriod, podGCPeriod)
	spaces := namespace.NewNamespaceController(ctx, client, objects, client.Discovery().ServerPreferredNamespacedResources,
		namespaces, resync, corev1.FinalizerKubernetes)

	go jobController.Run(ctx, fewWorkers)
	go accounts.Run(ctx, 1)
	go eviction.Run(ctx)
	go finished.Run(ctx, 1)
	go podGC.Run(ctx)
	go spaces.Run(ctx, 1)
	return startCollector(ctx, client, rc, objects, shared)
}

// startCollector runs the garbage collector, which deletes what belonged to what was deleted; and all informers.
func startCollector(ctx context.Context, client kubernetes.Interface, rc *restclient.Config, objects metadata.Interface, shared informers.SharedInformerFactory) error {
	finder := discovery.NewDiscoveryClientForConfigOrDie(rc)
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(finder))
	meta := metadatainformer.NewSharedInformerFactory(objects, resync)
	started := make(chan struct{})
	builder := garbagecollector.NewDependencyGraphBuilder(ctx, objects, mapper,
		garbagecollector.DefaultIgnoredResources(), informerfactory.NewInformerFactory(shared, meta), started)
	collector, err := garbagecollector.NewComposedGarbageCollector(ctx, client, objects, mapper, builder)
	if err != nil {
		return err
	}
	shared.Start(ctx.Done())
	meta.Start(ctx.Done())
	close(started)
	go collector.Run(ctx, fewWorkers, collectorSync)
	go collector.Sync(ctx, finder, collectorSync)
	return nil
}

// startScheduler runs kube-scheduler, with preemption; it looks at pods that did not fit sooner than in clusters.
func startScheduler(ctx context.Context, client kubernetes.Interface, rc *restclient.Config) error {
	factory := scheduler.NewInformerFactory(client, 0)
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
	broadcaster.StartRecordingToSink(ctx.Done())
	sched, err := scheduler.New(ctx, client, factory, nil, profile.NewRecorderFactory(broadcaster),
		scheduler.WithKubeConfig(rc), scheduler.WithPodInitialBackoffSeconds(1), scheduler.WithPodMaxBackoffSeconds(2))
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	if err := sched.WaitForHandlersSync(ctx); err != nil {
		return err
	}
	go sched.Run(ctx)
	return nil
}
