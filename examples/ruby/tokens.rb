# Lists the caller's tokens, creates one and deletes it.
require 'json'
require 'net/http'
require 'time'

TOKENS = "#{ENV.fetch('PATS_URL')}/api/admin/user/tokens".freeze
KEY = ENV.fetch('PATS_TOKEN')

def call(verb, url, body = nil)
  uri = URI(url)
  request = verb.new(uri, 'Authorization' => KEY, 'Content-Type' => 'application/json')
  request.body = body.to_json if body
  response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https', read_timeout: 10) { |http| http.request(request) }
  abort JSON.parse(response.body)['message'] unless response.is_a?(Net::HTTPSuccess)
  response.body
end

puts "tokens: #{JSON.parse(call(Net::HTTP::Get, TOKENS))['pats'].length}"

tomorrow = (Time.now + (24 * 60 * 60)).utc.iso8601
created = JSON.parse(call(Net::HTTP::Post, TOKENS, description: 'Ruby example', expiresAt: tomorrow))
puts "created: #{created['id']}" # the token itself is created['secret'], here and never again

call(Net::HTTP::Delete, "#{TOKENS}/#{created['id']}")
puts "deleted: #{created['id']}"
