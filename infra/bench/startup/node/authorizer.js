// The authorizer as a Lambda for Node: the same job on the same table, with the AWS SDK for JavaScript v3. The client is made
// outside the handler, as AWS recommends: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
import { createHash, timingSafeEqual } from 'node:crypto';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});

// The form of a token: user:v2_, 22 characters of base64url whose first eight bytes are the user's id, and the secret.
const form = /^user:v2_([A-Za-z0-9_-]{22})_[A-Za-z0-9_-]{43}$/;

export const handler = async (event) => {
  const token = event.authorizationToken.replace(/^Bearer /, '');
  const selector = form.exec(token)?.[1];
  if (!selector) {
    return policy('Deny', event.methodArn, 'nobody');
  }
  const user = Buffer.from(selector, 'base64url').readBigUInt64BE();
  const account = await read(user);
  return has(account, token, selector) ? policy('Allow', event.methodArn, `${user}`) : policy('Deny', event.methodArn, 'nobody');
};

const read = async (user) => {
  const output = await client.send(
    new QueryCommand({
      TableName: process.env.TABLE_NAME,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: `USER#${user}` } },
    }),
  );
  return output.Items.find((item) => item.sk.S === 'ACCOUNT');
};

const has = (account, token, selector) => {
  const hash = createHash('sha256').update(token).digest();
  const found = account?.tokens.L.find(({ M: t }) => t.selector.S === selector && same(Buffer.from(t.verifier.S, 'base64url'), hash));
  return found !== undefined && !account.disabled.BOOL && Date.now() < Number(found.M.expiresAt.N);
};

const same = (a, b) => a.length === b.length && timingSafeEqual(a, b);

const policy = (effect, method, principalId) => ({
  principalId,
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: ['execute-api:Invoke'], Effect: effect, Resource: [`${method.split('/').slice(0, 2).join('/')}/*`] }],
  },
});
