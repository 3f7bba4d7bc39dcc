module.exports = {
  session: { driver: 'memory', stores: { memory: { maxSize: 500 } } },
  channels: {
    messenger: {
      enabled: true,
      path: '/api/instagram/webhook',
      pageId: process.env.SHOP_ACCOUNT_ID,
      accessToken: process.env.SHOP_ACCESS_TOKEN,
      appId: 'shop',
      appSecret: process.env.SHOP_APP_SECRET,
      verifyToken: 'shop',
      origin: process.env.SHOP_GRAPH_URL,
    },
  },
};
