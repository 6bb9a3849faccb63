import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * TestNode HOME PORT [PORT...]: one node on loopback whose HTTP is on the first port; with further ports it forms a cluster with the nodes
 * there. Nodes talk to each other 100 ports above. Disk watermarks are off, so that a machine that is nearly full does not make tests fail.
 */
public class TestNode {
  private static final int TRANSPORT = 100;

  public static void main(String[] args) throws Exception {
    LogConfigurator.loadLog4jPlugins();
    LogConfigurator.configureESLogging();
    var home = Path.of(args[0]).toAbsolutePath();
    var ports = IntStream.range(1, args.length).map(n -> Integer.parseInt(args[n])).boxed().toList();
    var environment = InternalSettingsPreparer.prepareEnvironment(settings(home, ports), Map.of(), home.resolve("config"), () -> "test");
    var modules = PluginsLoader.createPluginsLoader(PluginsLoader.loadModulesBundles(environment.modulesDir()), Set.of(), Map.of(), false);
    var node = new Node(environment, modules);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    node.start();
    System.out.println("ready");
    Thread.currentThread().join();
  }

  private static void close(Node node) {
    try {
      node.close();
    } catch (Exception e) {
      e.printStackTrace();
    }
  }

  private static Settings settings(Path home, List<Integer> ports) {
    int own = ports.get(0);
    var settings = Settings.builder()
      .put("path.home", home.toString())
      .put("cluster.name", "stillwatch-test")
      .put("node.name", name(own))
      .put("network.host", "127.0.0.1")
      .put("http.port", own)
      .put("transport.port", own + TRANSPORT)
      .put("cluster.routing.allocation.disk.threshold_enabled", false);
    if (ports.size() == 1) return settings.put("discovery.type", "single-node").build();
    var sorted = ports.stream().sorted().toList();
    return settings
      .putList("discovery.seed_hosts", sorted.stream().map(port -> "127.0.0.1:" + (port + TRANSPORT)).toList())
      .putList("cluster.initial_master_nodes", sorted.stream().map(TestNode::name).toList())
      .build();
  }

  private static String name(int port) {
    return "node-" + port;
  }
}
