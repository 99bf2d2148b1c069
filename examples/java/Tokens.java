import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;

/** Lists the caller's tokens, creates one and deletes it. */
public class Tokens {
    private static final String TOKENS = System.getenv("PATS_URL") + "/api/admin/user/tokens";
    private static final MediaType JSON = MediaType.get("application/json");
    private static final OkHttpClient CLIENT = new OkHttpClient();

    public static void main(String[] args) {
        try {
            run();
        } catch (IOException refused) {
            System.err.println(refused.getMessage());
            System.exit(1);
        }
    }

    private static void run() throws IOException {
        System.out.println("tokens: " + parse(call("GET", TOKENS, null)).getAsJsonArray("pats").size());

        var wanted = new JsonObject();
        wanted.addProperty("description", "Java example");
        wanted.addProperty("expiresAt", Instant.now().plus(1, ChronoUnit.DAYS).toString());
        var created = parse(call("POST", TOKENS, RequestBody.create(wanted.toString(), JSON)));
        var id = created.get("id").getAsLong();
        System.out.println("created: " + id); // the token itself is the member secret, here and never again

        call("DELETE", TOKENS + "/" + id, null);
        System.out.println("deleted: " + id);
    }

    private static String call(String method, String url, RequestBody body) throws IOException {
        var request = new Request.Builder().url(url).header("Authorization", System.getenv("PATS_TOKEN")).method(method, body).build();
        try (var response = CLIENT.newCall(request).execute()) {
            var text = response.body().string();
            if (!response.isSuccessful()) {
                throw new IOException(parse(text).get("message").getAsString());
            }
            return text;
        }
    }

    private static JsonObject parse(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }
}
